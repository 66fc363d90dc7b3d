import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podAddress } from "./lib/base-plugin.ts";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import { addHost } from "./lib/host.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { type Added, mapping, portmap, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

const refused = { timeoutMs: 1000 };
const byNft = (fields: Readonly<Record<string, unknown>> = {}) => portmap({ backend: "nftables", ...fields });
const ruleset = (stage: Stage) => stage.node.run(["nft", "list", "ruleset"]);
const localnet = async (stage: Stage) =>
  (await stage.node.run(["cat", "/proc/sys/net/ipv4/conf/cni0/route_localnet"])).trim();

/** A node whose PATH has `ip` and conntrack, and of the firewalls' tools only these. */
async function withTools(stage: Stage, tools: readonly string[]): Promise<string> {
  const links = ["ip", "conntrack", ...tools].map(
    (tool) => `ln -s "$(command -v ${tool})" /run/only/${tool}`,
  );
  await stage.node.run(["sh", "-ec", ["mkdir -p /run/only", ...links].join("\n")]);
  return "/run/only";
}

describe.each([{ mode: "bridge", hairpinMode: true }, { mode: "ptp" }] as const)(
  "a hostPort by nftables, base network $mode",
  (base) => {
    let stage: Stage;
    let web: Added;

    beforeAll(async () => {
      stage = await Stage.set({ base, chained: [byNft()] });
      web = await stage.add("web", {
        portMappings: [mapping(8080, 80), mapping(5353, 53, { protocol: "udp" })],
      });
      await Promise.all([serve(web.pod, "web", 80), serve(web.pod, "dns", 53, "udp")]);
    });
    afterAll(() => stage.node.close());

    test.each([4, 6] as const)(
      "answers a client host, the node and the pod itself over IPv%i",
      async (family) => {
        const node = family === 4 ? stage.uplink.node4 : stage.uplink.node6;
        const client = family === 4 ? stage.uplink.host4 : stage.uplink.host6;
        expect(await ask(stage.uplink.host, node, 8080)).toEqual({ server: "web", peer: client });
        for (const from of [stage.node, web.pod]) {
          expect(await ask(from, node, 8080)).toMatchObject({ server: "web" });
          expect(await ask(from, node, 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
        }
        expect((await ask(web.pod, node, 8080))?.peer).not.toBe(podAddress(web.result, family));
      },
    );

    test("answers the node on 127.0.0.1, and CHECK finds all in order", async () => {
      expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
      expect(await ask(stage.node, "127.0.0.1", 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
      await stage.chain.check(web.attachment);
    });

    test("opens no port that is not mapped, and makes no rule of iptables", async () => {
      expect(await ask(stage.uplink.host, stage.uplink.node4, 80, refused)).toBeUndefined();
      expect(await ruleset(stage)).not.toContain("CNI-");
    });

    test("is closed by DEL, also without netns, prevResult and port mappings", async () => {
      const { node4, host } = stage.uplink;
      const short = await stage.add("short-lived", { portMappings: [mapping(8081, 81)] });
      await serve(short.pod, "short-lived", 81);
      expect(await ask(host, node4, 8081)).toMatchObject({ server: "short-lived" });
      const { containerId, ifname } = short.attachment;
      const { exitCode } = await callPlugin(stage.node, {
        binary: plugin("portmap"),
        env: pluginEnv("DEL", { containerId, ifname, netns: "" }, plugins),
        stdin: { ...byNft(), cniVersion: "1.1.0", name: "net" },
      });
      expect(exitCode).toBe(0);
      expect(await ask(host, node4, 8081, refused)).toBeUndefined();
      expect(await ask(host, node4, 8080)).toMatchObject({ server: "web" });
      expect(await ruleset(stage)).not.toContain('"short-lived"');
    });
  },
);

describe.concurrent("by nftables", () => {
  test("masqAll: the pod sees the node instead of the client host", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [byNft({ masqAll: true })] });
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    const { host, node4, node6 } = stage.uplink;
    expect(await ask(host, node4, 8080)).toEqual({ server: "web", peer: "10.88.0.1" });
    expect(await ask(host, node6, 8080)).toEqual({ server: "web", peer: "fd00:88::1" });
  });

  test("conditions let in whom they name, and bind no other network", async ({ expect }) => {
    await using stage = await Stage.set({
      chained: [
        byNft({
          conditionsV4: ["ip saddr 192.0.2.18"],
          conditionsV6: ["ip6", "saddr", "!=", "2001:db8:1::2"],
        }),
      ],
    });
    const stranger = await addHost(stage.node, "stranger", 2);
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    const free = stage.chainOf({ chained: [byNft()] }, "free");
    const open = await stage.add("open", { portMappings: [mapping(8081, 80)] }, free);
    await serve(open.pod, "open", 80);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
    expect(await ask(stranger.host, stranger.node4, 8080, refused)).toBeUndefined();
    expect(await ask(stage.uplink.host, stage.uplink.node6, 8080, refused)).toBeUndefined();
    expect(await ask(stranger.host, stranger.node6, 8080)).toMatchObject({ server: "web" });
    expect(await ask(stranger.host, stranger.node4, 8081)).toMatchObject({ server: "open" });
    await stage.chain.check(web.attachment);
    await free.check(open.attachment);
  });

  test("conditions that are more than matches are refused by field and value", async ({ expect }) => {
    await using stage = await Stage.set({
      chained: [byNft({ conditionsV4: ["ip saddr 192.0.2.18", "accept"] })],
    });
    const before = await ruleset(stage);
    await expect(stage.add("web", { portMappings: [mapping(8080, 80)] })).rejects.toMatchObject({
      document: {
        code: 7,
        msg: expect.stringMatching(/^conditionsV4: "ip saddr 192\.0\.2\.18 accept".*accept/),
      },
    });
    expect(await ruleset(stage)).toBe(before);
  });

  test("DEL on one network leaves the same container's ports of another", async ({ expect }) => {
    await using stage = await Stage.set();
    const two = stage.chainOf({ chained: [byNft()] }, "two");
    const web = await stage.add("web", { portMappings: [mapping(8082, 80)] }, two);
    await serve(web.pod, "web", 80);
    const portmapOfOne = (command: string, fields: object) =>
      callPlugin(stage.node, {
        binary: plugin("portmap"),
        env: pluginEnv(command, web.attachment, plugins),
        stdin: { ...byNft(), cniVersion: "1.1.0", name: "one", prevResult: web.result, ...fields },
      });
    await portmapOfOne("ADD", { runtimeConfig: { portMappings: [mapping(8081, 80)] } });
    const { host, node4, node6 } = stage.uplink;
    expect(await ask(host, node4, 8081)).toMatchObject({ server: "web" });
    expect((await portmapOfOne("DEL", {})).exitCode).toBe(0);
    expect(await ask(host, node4, 8081, refused)).toBeUndefined();
    expect(await ask(host, node4, 8082)).toMatchObject({ server: "web" });
    expect(await ask(host, node6, 8082)).toMatchObject({ server: "web" });
    expect(await ask(stage.node, "127.0.0.1", 8082)).toMatchObject({ server: "web" });
    await two.check(web.attachment);
  });

  test("the newest pod has a hostPort, and when it goes the one before has it again", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [byNft()] });
    const old = await stage.add("old", { portMappings: [mapping(8080, 80)] });
    const young = await stage.add("young", { portMappings: [mapping(8080, 80)] });
    await Promise.all([serve(old.pod, "old", 80), serve(young.pod, "young", 80)]);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "young" });
    await stage.chain.del(young.attachment);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "old" });
  });

  test("route_localnet is guarded, and closed again with the last pod", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [byNft()] });
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(stage.node, "node only", 7000);
    await web.pod.sysctl({ "ipv4/conf/all/route_localnet": 1 });
    await web.pod.try(["ip", "route", "del", "local", "127.0.0.0/8", "dev", "lo", "table", "local"]);
    await web.pod.try(["ip", "route", "del", "local", "127.0.0.1", "dev", "lo", "table", "local"]);
    await web.pod.ip(`route add 127.0.0.1 via 10.88.0.1 dev eth0 src ${podAddress(web.result, 4)}`);
    expect(await localnet(stage)).toBe("1");
    expect(await ask(web.pod, "127.0.0.1", 7000, refused)).toBeUndefined();
    await stage.chain.del(web.attachment);
    expect(await localnet(stage)).toBe("0");
  });
});

describe.concurrent("a node that changes its backend", () => {
  test.for([
    ["iptables", "nftables", "nft"],
    ["iptables", "nftables", "legacy"],
    ["nftables", "iptables", "nft"],
    ["nftables", "iptables", "legacy"],
  ] as const)(
    "from %s to %s, iptables-%s: DEL leaves nothing, other pods are served",
    async ([from, to, iptables], { expect }) => {
      await using stage = await Stage.set({ iptables });
      const [before, after] = [from, to].map((backend) => stage.chainOf({ chained: [portmap({ backend })] }));
      if (before === undefined || after === undefined) throw new Error("no chains");
      const clean = withoutShared(await takeSnapshot(stage.node));
      const gone = await stage.add("gone", { portMappings: [mapping(8080, 80)] }, before);
      const stays = await stage.add("stays", { portMappings: [mapping(8081, 80)] }, before);
      const fresh = await stage.add("fresh", { portMappings: [mapping(8082, 80)] }, after);
      await Promise.all([stays, fresh].map(({ pod }) => serve(pod, pod.name, 80)));
      await after.del(gone.attachment);
      for (const [port, server] of [
        [8081, "stays"],
        [8082, "fresh"],
      ] as const) {
        expect(await ask(stage.uplink.host, stage.uplink.node4, port)).toMatchObject({ server });
        expect(await ask(stage.node, "127.0.0.1", port)).toMatchObject({ server });
      }
      await after.del(stays.attachment);
      expect(await ask(stage.node, "127.0.0.1", 8082)).toMatchObject({ server: "fresh" });
      await after.del(fresh.attachment);
      const links = (line: string) => !/^. (links|qdiscs): /.test(line);
      expect(difference(clean, withoutShared(await takeSnapshot(stage.node))).filter(links)).toEqual([]);
    },
  );

  test("a DEL under a new name of the network removes the container's rules", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [byNft()] });
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    const listed = () => stage.node.run(["nft", "list", "table", "ip", "cni_hostport"]);
    expect(await listed()).toContain("dnat to");
    const { exitCode } = await callPlugin(stage.node, {
      binary: plugin("portmap"),
      env: pluginEnv("DEL", web.attachment, plugins),
      stdin: { ...byNft(), cniVersion: "1.1.0", name: "renamed" },
    });
    expect(exitCode).toBe(0);
    expect(await listed()).not.toMatch(/dnat to|masquerade/);
  });

  test("a DEL after an ADD to each backend leaves nothing in either", async ({ expect }) => {
    await using stage = await Stage.set();
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await web.pod.run(["ip", "link", "delete", "eth0"]);
    const after = stage.chainOf({ chained: [byNft()] });
    await after.add({ ...web.attachment, capabilityArgs: { portMappings: [mapping(8081, 80)] } });
    await serve(web.pod, "web", 80);
    expect(await ask(stage.node, "127.0.0.1", 8081)).toMatchObject({ server: "web" });
    await after.del(web.attachment);
    expect(await stage.node.run(["iptables", "-t", "nat", "-S"])).not.toContain("CNI-DN-");
    expect(await stage.node.run(["nft", "list", "table", "ip", "cni_hostport"])).not.toContain("dnat to");
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080, refused)).toBeUndefined();
  });
});

describe.concurrent("without a backend in the configuration", () => {
  async function add(stage: Stage, path: string, fields: Readonly<Record<string, unknown>> = {}) {
    const { attachment, result } = await stage.add("web");
    return callPlugin(stage.node, {
      binary: plugin("portmap"),
      env: { ...pluginEnv("ADD", attachment, plugins), PATH: path },
      stdin: {
        ...portmap(fields),
        cniVersion: "1.1.0",
        name: "net",
        prevResult: result,
        runtimeConfig: { portMappings: [mapping(8080, 80)] },
      },
    });
  }

  test("a node that has only nft is served by it", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [] });
    const { exitCode } = await add(stage, await withTools(stage, ["nft"]));
    expect(exitCode).toBe(0);
    expect(await ruleset(stage)).toContain("tcp dport 8080 dnat to");
  });

  test("iptables is preferred, and refuses conditions in nft's syntax", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [] });
    const path = await withTools(stage, ["nft", "iptables-restore", "ip6tables-restore"]);
    await add(stage, path);
    expect(await ruleset(stage)).not.toContain("table ip cni_hostport");
    const status = () =>
      callPlugin(stage.node, {
        binary: plugin("portmap"),
        env: { ...pluginEnv("STATUS", { containerId: "", ifname: "", netns: "" }, plugins), PATH: path },
        stdin: { ...portmap({ conditionsV4: ["ip saddr 192.0.2.18"] }), cniVersion: "1.1.0", name: "net" },
      });
    expect((await status()).json).toMatchObject({ code: 7, msg: expect.stringContaining("conditionsV4[0]") });
    await stage.node.run(["rm", "/run/only/iptables-restore"]);
    expect((await status()).exitCode).toBe(0);
  });

  test("nft that cannot be used keeps DEL from nothing where the kernel has no table of ours", async ({
    expect,
  }) => {
    await using stage = await Stage.set({ chained: [] });
    const path = await withTools(stage, ["iptables-restore", "ip6tables-restore"]);
    const broken = "printf '#!/bin/sh\\nexit 1\\n' >/run/only/nft; chmod +x /run/only/nft";
    await stage.node.run(["sh", "-ec", broken]);
    expect((await add(stage, path)).exitCode).toBe(0);
    const attachment = { containerId: "web", ifname: "eth0", netns: "", capabilityArgs: {} };
    const { exitCode, stderr } = await callPlugin(stage.node, {
      binary: plugin("portmap"),
      env: { ...pluginEnv("DEL", attachment, plugins), PATH: path },
      stdin: { ...portmap(), cniVersion: "1.1.0", name: "net" },
    });
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(await stage.node.run(["iptables", "-t", "nat", "-S"])).not.toContain("CNI-DN-");
  });

  test("the error of a missing tool says where PATH leads and where the tool is", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [] });
    const answer = await add(stage, await withTools(stage, ["iptables-restore"]), { backend: "nftables" });
    expect(answer.json).toMatchObject({
      code: 50,
      msg: expect.stringContaining("nft: no such executable on PATH (/run/only)"),
      details: expect.stringMatching(/sbin: add that to the PATH/),
    });
  });
});

test("CHECK of a container with 2,000 ports comes to its end, whether its rules stand or not", async () => {
  await using stage = await Stage.set({ chained: [byNft()] });
  const portMappings = Array.from({ length: 2000 }, (_, at) => mapping(10_000 + at, 1 + at));
  const { attachment } = await stage.add("web", { portMappings });
  await stage.chain.check(attachment);
  const others = portMappings.map((one) => ({ ...one, containerPort: one.containerPort + 1 }));
  await expect(
    stage.chain.check({ ...attachment, capabilityArgs: { portMappings: others } }),
  ).rejects.toThrow(/CHECK found 8000 differences/);
});
