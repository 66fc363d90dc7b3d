import { expect, test } from "vitest";
import { plugin } from "../../lib/plugins.ts";
import { portmap } from "../../lib/stage.ts";
import { ask } from "../../lib/traffic.ts";
import { confDirectory, pluginDirectory } from "../lib/network.ts";
import { networkName, podmanNetwork } from "./networks.ts";
import { Podman } from "./podman.ts";

const tool = plugin("cni-chain");
const places = ["--conf-dir", confDirectory, "--plugin-dir", pluginDirectory];

test("cni-chain knows podman's containers from its cache, and podman those that cni-chain took back", async () => {
  await using podman = await Podman.start([podmanNetwork(1, [portmap()])]);
  const { node, uplink } = podman.machine;
  const network = networkName(1);
  await podman.run({ name: "web", network: 1, publish: ["8080:80"] });
  const id = (await podman.call("inspect", "--format", "{{.Id}}", "web")).trim();

  const checked = await node.run([tool, "check", network, ...places, "--json"]);
  expect(JSON.parse(checked)).toMatchObject({ network, containerId: id, ifname: "eth0" });

  const deleted = await node.run([tool, "del", network, ...places, "--json"]);
  expect(JSON.parse(deleted)).toMatchObject({ containerId: id, wasCached: true });
  expect(await ask(uplink.host, uplink.node4, 8080, { timeoutMs: 1000 })).toBeUndefined();
  await podman.remove("web");
  expect(await node.run(["find", "/var/lib/cni/results", "-type", "f"])).toBe("");
});
