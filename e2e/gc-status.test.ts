import { describe, expect, test } from "vitest";
import { callPlugin, type PluginAnswer } from "./lib/binary.ts";
import { type Chain, pluginConf, pluginEnv } from "./lib/chain.ts";
import type { PluginConf } from "./lib/cni.ts";
import type { Node } from "./lib/node.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { bandwidth, loopback, mapping, portmap, Stage } from "./lib/stage.ts";

/** libcni sets every variable, and has nothing to put into most of them. */
const nobody = { containerId: "", ifname: "", netns: "" };
const key = "cni.dev/valid-attachments";
const done = { exitCode: 0, stdout: "", stderr: "" };

/** A configuration that may be wrong. */
type Fields = Readonly<Record<string, unknown>> & Pick<PluginConf, "type">;

/** Calls every plugin of a chain but the embedded one, as libcni does. */
async function callAll(node: Node, chain: Chain, command: "GC" | "STATUS", fields: object = {}) {
  const { plugins: entries, ...list } = chain.conf;
  const answers: PluginAnswer[] = [];
  for (const conf of entries.filter(({ type }) => type !== "base")) {
    answers.push(await call(node, command, { ...conf, ...list, ...fields }));
  }
  return answers;
}

function call(node: Node, command: "GC" | "STATUS", conf: Fields, env: Record<string, string> = {}) {
  return callPlugin(node, {
    binary: plugin(conf.type),
    env: { ...pluginEnv(command, nobody, plugins), ...env },
    stdin: { name: "net", cniVersion: "1.1.0", ...conf },
  });
}

const valid = (...containerIds: string[]) => ({
  [key]: containerIds.map((containerID) => ({ containerID, ifname: "eth0" })),
});

/** What a pod asks of all three; each plugin is passed what is its own. */
const wishes = (hostPort = 8080) => ({
  portMappings: [mapping(hostPort, 80), mapping(hostPort, 53, { protocol: "udp" })],
  bandwidth: { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 4_000_000, egressBurst: 400_000 },
});
const chains: Record<string, PluginConf[]> = {
  loopback: [loopback],
  bandwidth: [bandwidth()],
  portmap: [portmap()],
  "all in one chain": [portmap(), bandwidth(), loopback],
};

describe.concurrent.each(Object.entries(chains))("%s", (_, chained) => {
  test("STATUS and GC leave a node with valid attachments as it is", async () => {
    await using stage = await Stage.set({ chained });
    const { node, chain } = stage;
    const empty = withoutShared(await takeSnapshot(node));
    const { attachment } = await stage.add("web", wishes());
    const before = await takeSnapshot(node);
    for (const answer of await callAll(node, chain, "STATUS")) expect(answer).toMatchObject(done);
    for (const answer of await callAll(node, chain, "GC", valid("web"))) expect(answer).toMatchObject(done);
    expect(difference(before, await takeSnapshot(node))).toEqual([]);
    await chain.check(attachment);
    await chain.del(attachment);
    await node.run(["ip", "netns", "delete", "web"]);
    expect(difference(empty, withoutShared(await takeSnapshot(node)))).toEqual([]);
  });

  test("GC removes what a pod that vanished without DEL has left, and nothing of its neighbours", async () => {
    await using stage = await Stage.set({ chained });
    const { node, chain } = stage;
    const { attachment } = await stage.add("web", wishes());
    const elsewhere = stage.chainOf({ chained }, "net2");
    const other = await stage.add("other", wishes(8081), elsewhere);
    const before = await takeSnapshot(node);
    const lost = await stage.add("lost", wishes(8082));
    // Gone is the pair alone: with its namespace it takes a moment to go.
    await lost.pod.ip("link delete eth0");
    for (const answer of await callAll(node, chain, "GC", valid("web"))) expect(answer).toMatchObject(done);
    expect(difference(before, await takeSnapshot(node))).toEqual([]);
    await chain.check(attachment);
    await elsewhere.check(other.attachment);
    for (const answer of await callAll(node, chain, "GC", { [key]: null })) {
      expect(answer).toMatchObject(done);
    }
    await elsewhere.check(other.attachment);
    const lasting = chained.every(({ type }) => type === "loopback");
    const checked = await chain.check(attachment).then(
      () => "as ADD left it",
      (error: unknown) => error,
    );
    if (lasting) expect(checked).toBe("as ADD left it");
    else expect(checked).toMatchObject({ document: { code: 101 } });
    const ifbs = await node.run(["ip", "-o", "link", "show", "type", "ifb"]);
    expect(ifbs.match(/\bbwp/g) ?? []).toHaveLength(chained.some(({ type }) => type === "bandwidth") ? 1 : 0);
  });
});

describe.concurrent("GC", () => {
  test("of bandwidth clears the veth of a stale pod that is still there", async () => {
    await using stage = await Stage.set({ chained: [bandwidth()] });
    const { node, chain } = stage;
    const { attachment, result } = await stage.add("lost");
    const before = await takeSnapshot(node);
    const limited = { ...attachment, capabilityArgs: wishes() };
    const added = await callPlugin(node, {
      binary: plugin("bandwidth"),
      env: pluginEnv("ADD", limited, plugins),
      stdin: pluginConf(chain.conf, bandwidth(), limited, result),
    });
    expect(added.exitCode, added.stdout).toBe(0);
    expect(difference(before, await takeSnapshot(node)).join("\n")).toMatch(/tbf.*mirred/s);
    for (const answer of await callAll(node, chain, "GC", valid("web"))) expect(answer).toMatchObject(done);
    expect(difference(before, await takeSnapshot(node))).toEqual([]);
  });

  test.each([
    ["no list", {}, key],
    ["one that is no list", { [key]: { containerID: "web" } }, key],
    ["an entry without container", { [key]: [{ ifname: "eth0" }] }, `${key}[0].containerID`],
  ])("with %s removes nothing and names the key", async (_, fields, path) => {
    await using stage = await Stage.set({ chained: [bandwidth(), loopback] });
    await stage.add("web", wishes());
    const before = await takeSnapshot(stage.node);
    for (const { exitCode, json } of await callAll(stage.node, stage.chain, "GC", fields)) {
      expect(exitCode).toBe(1);
      expect(json).toMatchObject({ cniVersion: "1.1.0", code: 7, msg: expect.stringContaining(`${path}: `) });
    }
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
  });
});

describe.concurrent.each([bandwidth(), loopback])("STATUS of $type", (conf) => {
  test("needs no tool on PATH: it does the work itself", async () => {
    await using stage = await Stage.set({ chained: [] });
    const before = await takeSnapshot(stage.node);
    expect(await call(stage.node, "STATUS", conf, { PATH: "/run/none" })).toMatchObject(done);
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
  });

  test("names a permission that this process has not", async () => {
    await using stage = await Stage.set({ chained: [] });
    const asRoot = (...options: string[]) =>
      stage.node.try(["setpriv", ...options, plugin(conf.type)], {
        env: { ...stage.node.env, ...pluginEnv("STATUS", nobody, plugins) },
        stdin: JSON.stringify({ name: "net", cniVersion: "1.1.0", ...conf }),
      });
    expect(await asRoot()).toMatchObject(done);
    const { exitCode, stdout } = await asRoot("--bounding-set=-net_admin");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      code: 50,
      msg: expect.stringMatching(/^CAP_NET_ADMIN: [^;]*$/),
    });
  });

  test("refuses a configuration that ADD would refuse, and a version that has no STATUS", async () => {
    await using stage = await Stage.set({ chained: [] });
    const nameless = await call(stage.node, "STATUS", { ...conf, capabilities: "all" });
    expect(nameless.json).toMatchObject({ code: 7, msg: expect.stringContaining("capabilities") });
    const old = await call(stage.node, "STATUS", { ...conf, cniVersion: "1.0.0" });
    expect(old.json).toMatchObject({ cniVersion: "1.0.0", code: 1 });
  });
});

test("STATUS of portmap names a tool that is not on PATH", async () => {
  const conf = portmap();
  const tools = ["iptables-restore", "ip6tables-restore"];
  await using stage = await Stage.set({ chained: [] });
  const { node } = stage;
  const linked = [...tools, "conntrack"]
    .map((tool) => `ln -s "$(command -v ${tool})" /run/few/${tool}`)
    .join("\n");
  await node.run(["sh", "-ec", `mkdir /run/few\n${linked}`]);
  const before = await takeSnapshot(node);
  const PATH = "/run/few";
  expect(await call(node, "STATUS", conf, { PATH })).toMatchObject(done);
  for (const tool of tools) {
    await node.run(["mv", `/run/few/${tool}`, "/run/few/moved"]);
    const { exitCode, json } = await call(node, "STATUS", conf, { PATH });
    expect(exitCode).toBe(1);
    const msg = expect.stringMatching(
      new RegExp(`^${tool}: no such executable on PATH \\(/run/few\\)[^;]*$`),
    );
    expect(json).toMatchObject({ cniVersion: "1.1.0", code: 50, msg });
    await node.run(["mv", "/run/few/moved", `/run/few/${tool}`]);
  }
  expect(difference(before, await takeSnapshot(node))).toEqual([]);
});
