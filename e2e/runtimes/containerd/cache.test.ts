import { beforeAll, expect, test } from "vitest";
import { plugin } from "../../lib/plugins.ts";
import { ask } from "../../lib/traffic.ts";
import { confDirectory, pluginDirectory } from "../lib/network.ts";
import { containerdInSuite } from "./in-suite.ts";
import { port, type RunningPod } from "./pod.ts";

const tool = plugin("cni-chain");
const network = "runtime-net";
const places = ["--conf-dir", confDirectory, "--plugin-dir", pluginDirectory, "--json"];
const containerd = containerdInSuite();
let web: RunningPod;
let other: RunningPod;

beforeAll(async () => {
  web = await containerd().runPod({ name: "web", ports: [port(8080, 80)] });
  other = await containerd().runPod({ name: "other", ports: [port(8081, 80)] });
  await containerd().serveWeb(other);
});

test("cni-chain knows containerd's pods from its cache, and containerd those that cni-chain took back", async () => {
  const { node, uplink } = containerd().machine;
  const checked = await node.run([tool, "check", network, "--id", web.id, ...places]);
  expect(JSON.parse(checked)).toMatchObject({ network, containerId: web.id, ifname: "eth0" });

  const planned = JSON.parse(await node.run([tool, "gc", network, "--dry-run", ...places]));
  const ids = planned.kept.map(({ containerId }: { readonly containerId: string }) => containerId);
  expect(ids.toSorted()).toEqual([web.id, other.id].toSorted());

  await node.run([tool, "del", network, "--id", web.id, ...places]);
  expect(await node.run(["iptables-save", "-t", "nat"])).not.toContain("--dport 8080");
  expect(await ask(uplink.host, uplink.node4, 8081)).toMatchObject({ server: "other" });
  await containerd().removePod(web);
});
