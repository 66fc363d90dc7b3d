// A main plugin in the shape of another's, called as any plugin is. Usage: bun main.ts TYPE, with CNI's environment.
import { readFileSync } from "node:fs";
import { compareVersions, type PluginConf, type ResultDocument } from "../../lib/cni.ts";
import { azure } from "./azure.ts";
import { calico } from "./calico.ts";
import type { StandIn } from "./call.ts";
import { cilium } from "./cilium.ts";
import { flannel } from "./flannel.ts";
import { weave } from "./weave.ts";

/** Makes nothing, and says what its configuration says. */
const given: StandIn = { add: ({ conf }) => Object(conf["result"]), del: () => {} };

const standIns: Readonly<Record<string, StandIn>> = {
  given,
  calico,
  flannel,
  "weave-net": weave,
  "cilium-cni": cilium,
  "azure-vnet": azure,
};

const { CNI_COMMAND, CNI_CONTAINERID = "", CNI_NETNS = "", CNI_IFNAME = "" } = process.env;
const standIn = standIns[process.argv[2] ?? ""];
const conf: PluginConf = JSON.parse(readFileSync(0, "utf8"));
const call = { conf, containerId: CNI_CONTAINERID, netns: CNI_NETNS, ifname: CNI_IFNAME };

try {
  if (CNI_COMMAND === "ADD") print(standIn?.add(call));
  if (CNI_COMMAND === "DEL") standIn?.del(call);
} catch (error) {
  console.log(JSON.stringify({ code: 999, msg: String(error) }));
  process.exit(1);
}

function print(result: ResultDocument | undefined): void {
  const cniVersion = String(conf["cniVersion"]);
  const versionless = compareVersions(cniVersion, "1.0.0") >= 0;
  const ips = result?.ips?.map(({ version, ...rest }) => (versionless ? rest : { version, ...rest }));
  console.log(JSON.stringify({ ...result, cniVersion, ips }));
}
