import { describe, test } from "vitest";
import { podAddress } from "./lib/base-plugin.ts";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { mapping, portmap, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

const natRules = (stage: Stage) => stage.node.run(["iptables", "-t", "nat", "-S"]);

describe.concurrent("many ports", () => {
  const ports = Array.from({ length: 40 }, (_, index) => 20_000 + index);

  test("a pod with 40 ports has every one of them, and DEL takes them all away", async ({ expect }) => {
    await using stage = await Stage.set();
    const pod = await stage.node.addPod("web");
    const before = withoutShared(await takeSnapshot(stage.node));
    const attachment = {
      containerId: "web",
      ifname: "eth0",
      netns: pod.netns,
      capabilityArgs: { portMappings: ports.map((port) => mapping(port, 80)) },
    };
    await stage.chain.add(attachment);
    await serve(pod, "web", 80);
    for (const port of [ports[0], ports[14], ports[15], ports[30], ports[39]]) {
      expect(await ask(stage.uplink.host, stage.uplink.node4, port ?? 0)).toMatchObject({ server: "web" });
    }
    await stage.chain.check(attachment);
    await stage.chain.del(attachment);
    expect(difference(before, withoutShared(await takeSnapshot(stage.node)))).toEqual([]);
  });

  test.for(["iptables", "nftables"])(
    "eight pods added and removed at the same time by %s are all served, and all go",
    async (backend, { expect }) => {
      await using stage = await Stage.set({ chained: [portmap({ backend })] });
      const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
      const pods = await Promise.all(numbers.map((number) => stage.node.addPod(`pod${number}`)));
      const before = withoutShared(await takeSnapshot(stage.node));
      const attachments = pods.map((pod, index) => ({
        containerId: pod.name,
        ifname: "eth0",
        netns: pod.netns,
        capabilityArgs: { portMappings: [mapping(8001 + index, 80)] },
      }));
      await Promise.all(attachments.map((attachment) => stage.chain.add(attachment)));
      await Promise.all(pods.map((pod) => serve(pod, pod.name, 80)));
      for (const [index, pod] of pods.entries()) {
        expect(await ask(stage.uplink.host, stage.uplink.node4, 8001 + index)).toMatchObject({
          server: pod.name,
        });
      }
      await Promise.all(attachments.map((attachment) => stage.chain.check(attachment)));
      await Promise.all(attachments.map((attachment) => stage.chain.del(attachment)));
      expect(difference(before, withoutShared(await takeSnapshot(stage.node)))).toEqual([]);
    },
  );
});

describe.concurrent("the node", () => {
  test("SCTP ports are forwarded by rules of their own", async ({ expect }) => {
    await using stage = await Stage.set();
    const web = await stage.add("web", { portMappings: [mapping(3868, 3869, { protocol: "sctp" })] });
    const to = podAddress(web.result, 4);
    expect(await natRules(stage)).toMatch(
      new RegExp(`-p sctp -m sctp --dport 3868 -j DNAT --to-destination ${to}:3869`),
    );
    await stage.chain.check(web.attachment);
  });

  test("ADD waits while somebody else holds the lock of iptables-legacy", async ({ expect }) => {
    await using stage = await Stage.set({ iptables: "legacy" });
    const lock = stage.node.start(["flock", "/run/xtables.lock", "sh", "-c", "echo held; exec cat"]);
    await lock.ready();
    const added = stage.add("web", { portMappings: [mapping(8080, 80)] });
    const waits = expect.poll(
      () => stage.node.try(["sh", "-c", "grep -lE '^(iptables|ip6tables)' /proc/[0-9]*/comm"]),
      { timeout: 10_000 },
    );
    const early = added.then(() => Promise.reject(new Error("ADD did not wait for the lock")));
    await Promise.race([waits.toMatchObject({ exitCode: 0 }), early]);
    await lock.stop();
    await early.catch(() => {});
    const { attachment } = await added;
    await stage.chain.check(attachment);
  });

  test("without its tools on PATH, ADD says which one it looked for and where", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [] });
    const { attachment, result } = await stage.add("web");
    const portMappings = [mapping(8080, 80)];
    const answer = await callPlugin(stage.node, {
      binary: plugin("portmap"),
      env: { ...pluginEnv("ADD", attachment, plugins), PATH: "/run/empty" },
      stdin: {
        cniVersion: "1.1.0",
        name: "net",
        type: "portmap",
        prevResult: result,
        runtimeConfig: { portMappings },
      },
    });
    expect(answer.exitCode).toBe(1);
    expect(answer.json).toMatchObject({ code: 50, msg: expect.stringMatching(/^ip[\w-]*: .*\/run\/empty/) });
  });
});

describe.concurrent("route_localnet, which lets 127.0.0.1 reach the pods", () => {
  test("stays open if an operator had opened it before", async ({ expect }) => {
    await using stage = await Stage.set();
    await stage.node.sysctl({ "ipv4/conf/cni0/route_localnet": 1 });
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await stage.chain.del(web.attachment);
    const value = await stage.node.run(["cat", "/proc/sys/net/ipv4/conf/cni0/route_localnet"]);
    expect(value.trim()).toBe("1");
  });
});
