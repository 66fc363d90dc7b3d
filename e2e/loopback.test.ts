import { describe, test } from "vitest";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import { Node } from "./lib/node.ts";
import type { Place } from "./lib/place.ts";
import { plugin, plugins } from "./lib/plugins.ts";

const conf = (cniVersion: string) => ({ cniVersion, name: "cni-loopback", type: "loopback" });

const call = (node: Node, command: string, netns: string, cniVersion = "1.0.0", prevResult?: unknown) =>
  callPlugin(node, {
    binary: plugin("loopback"),
    env: pluginEnv(command, { containerId: "c1", ifname: "lo", netns }, plugins),
    stdin: { ...conf(cniVersion), ...(prevResult === undefined ? {} : { prevResult }) },
  });

async function isUp(place: Place): Promise<boolean> {
  return (await place.run(["ip", "-o", "link", "show", "lo"])).includes(",UP");
}

describe.concurrent("loopback", () => {
  test.for(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])(
    "at CNI %s: ADD brings lo up, DEL takes it down, the node's own lo stays up",
    async (cniVersion, { expect }) => {
      await using node = await Node.start();
      const pod = await node.addPod("web");
      expect(await isUp(pod)).toBe(false);
      const added = await call(node, "ADD", pod.netns, cniVersion);
      expect(added.exitCode, added.stdout).toBe(0);
      expect(added.json).toMatchObject({ cniVersion });
      expect(added.stdout).toContain("127.0.0.1/8");
      expect(await isUp(pod)).toBe(true);
      expect(await call(node, "DEL", pod.netns, cniVersion)).toMatchObject({ exitCode: 0, stdout: "" });
      expect(await isUp(pod)).toBe(false);
      expect(await isUp(node)).toBe(true);
    },
  );

  test("CHECK finds lo up, and notices when it is down", async ({ expect }) => {
    await using node = await Node.start();
    const pod = await node.addPod("web");
    const { json } = await call(node, "ADD", pod.netns);
    expect(await call(node, "CHECK", pod.netns, "1.0.0", json)).toMatchObject({ exitCode: 0, stdout: "" });
    await pod.run(["ip", "link", "set", "lo", "down"]);
    const refused = await call(node, "CHECK", pod.netns, "1.0.0", json);
    expect(refused.json).toMatchObject({ code: 101 });
    expect(refused.stdout).toContain("lo");
  });

  test("a prevResult is handed on as it came", async ({ expect }) => {
    await using node = await Node.start();
    const pod = await node.addPod("web");
    const prevResult = {
      cniVersion: "1.1.0",
      interfaces: [{ name: "eth0", mac: "02:00:00:00:00:01", mtu: 1400, sandbox: pod.netns }],
      ips: [{ address: "10.1.0.5/24", interface: 0 }],
      routes: [{ dst: "0.0.0.0/0", mtu: 1300 }],
      "org.example.unknown": { kept: [1, 2] },
    };
    const { json } = await call(node, "ADD", pod.netns, "1.1.0", prevResult);
    expect(json).toMatchObject(prevResult);
  });

  test("DEL succeeds when the namespace is not given, gone, or no longer one", async ({ expect }) => {
    await using node = await Node.start();
    await node.run(["touch", "/run/netns/stale"]);
    for (const netns of ["", "/run/netns/gone", "/run/netns/stale"]) {
      expect(await call(node, "DEL", netns), netns).toMatchObject({ exitCode: 0, stdout: "" });
    }
    expect(await isUp(node)).toBe(true);
  });

  test.for(["ADD", "DEL"])(
    "%s with the node's own namespace leaves the node's lo up",
    async (command, { expect }) => {
      await using node = await Node.start();
      const answer = await call(node, command, "/proc/self/ns/net");
      if (command === "ADD") expect(answer.json).toMatchObject({ code: 8 });
      expect(await isUp(node)).toBe(true);
    },
  );
});
