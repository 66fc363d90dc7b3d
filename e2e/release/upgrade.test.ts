import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { callFor } from "../interop/call.ts";
import { Chain } from "../lib/chain.ts";
import { keepAsking } from "../lib/keep-asking.ts";
import type { Node } from "../lib/node.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { openStream } from "./stream.ts";

const reason = whyNoReference();
if (reason !== undefined) console.warn(`left out, upgrades from the reference's plugins: ${reason}`);

const tool = plugin("cni-chain");
const chained = [portmap(), bandwidth(), loopback];
const types = ["portmap", "bandwidth", "loopback"];
const binDir = "/run/bin";
/** The version before: CNI_PREVIOUS, or ours with some bytes behind the end, which are other files that do the same. */
const previousBuild = process.env["CNI_PREVIOUS"];
const earlier = previousBuild === undefined ? "/run/earlier" : resolve(previousBuild);
console.log(
  `the version before: ${previousBuild === undefined ? "the present one with a mark (no CNI_PREVIOUS)" : earlier}`,
);
const limits = { ingressRate: 2e6, ingressBurst: 2e6, egressRate: 1e8, egressBurst: 8e6 };

/** A node whose runtime has the reference's plugins. */
async function setNode() {
  const stage = await Stage.set({ chained: [] });
  const { node } = stage;
  await node.run(["mkdir", binDir, "/run/earlier"]);
  for (const type of types) {
    await node.run(["cp", "-L", `${reference.directory}/${type}`, binDir]);
  }
  const chain = new Chain(node, binDir, {
    cniVersion: "1.0.0",
    name: "net",
    plugins: [{ type: "base", hairpinMode: true, families: [4] }, ...chained],
  });
  // The reference's CHECK fails on every pod of one family where ip6tables can be run, its own as well.
  await node.run(["sh", "-ec", `mkdir /run/v4; ln -s "$(command -v iptables)" /run/v4/iptables`]);
  const before = withoutShared(await takeSnapshot(node));
  const check = async (pods: readonly Added[], by: "ours" | "reference") => {
    for (const pod of pods) {
      for (const conf of chained) {
        const env = by === "reference" ? { PATH: "/run/v4" } : {};
        const answer = await callFor(node, { whose: by, directory: binDir }, "CHECK", conf, pod, env);
        expect(answer, `CHECK of ${pod.attachment.containerId}`).toMatchObject({ exitCode: 0, stdout: "" });
      }
    }
  };
  const add = async (name: string, port: number): Promise<Added> => {
    const portMappings = [mapping(port, 80), mapping(port + 1000, 5201)];
    const added = await stage.add(name, { portMappings, bandwidth: limits }, chain);
    await serve(added.pod, name, 80);
    return added;
  };
  return {
    stage,
    node,
    chain,
    add,
    check,
    /** But for the guard of 127.0.0.1, which is for all pods, and of which the reference knows nothing. */
    left: async () =>
      difference(before, withoutShared(await takeSnapshot(node))).filter(
        (line) => !/: raw .*CNI-HOSTPORT-LOCAL/.test(line),
      ),
  };
}

async function makeEarlier(node: Node): Promise<void> {
  if (previousBuild !== undefined) return;
  for (const type of types) {
    const script = `cp ${plugins}/${type} ${earlier}; echo an earlier version >>${earlier}/${type}`;
    await node.run(["sh", "-ec", script]);
  }
}

/** The host ports that the tool of now sees, whoever forwards them. */
async function seen(node: Node): Promise<number[]> {
  const { ports } = JSON.parse(await node.run([tool, "list", "--json"]));
  return ports.map(({ hostPort }: { hostPort: number }) => hostPort).sort();
}

/** Runs the tool to its end, however busy the machine is. */
async function runTool(node: Node, ...argv: readonly string[]): Promise<void> {
  const running = node.start(["sh", "-c", `"$@" >&2; echo $?`, "sh", tool, ...argv]);
  expect(await running.ready(), argv.join(" ")).toBe("0");
}

const install = (node: Node, from: string) => runTool(node, "install", "--bin-dir", binDir, "--from", from);
const uninstall = (node: Node) => runTool(node, "uninstall", "--bin-dir", binDir, "--conf-dir", "/run/none");
const isFrom = (node: Node, directory: string) =>
  Promise.all(types.map((type) => node.run(["cmp", `${directory}/${type}`, `${binDir}/${type}`])));

/** With the version before as it really was; a mark in the present one would show nothing. */
describe.skipIf(previousBuild === undefined)("pods of two versions of ours", () => {
  test.each(["iptables", "nftables"] as const)(
    "%s, IPv4 and IPv6: each version checks and removes whole what the other made",
    async (backend) => {
      const behind = [portmap({ backend }), bandwidth(), loopback];
      await using stage = await Stage.set({ chained: [] });
      const { node } = stage;
      await node.run(["mkdir", binDir]);
      await install(node, earlier);
      const base = { type: "base", hairpinMode: true, families: [4, 6] };
      const chain = new Chain(node, binDir, { cniVersion: "1.0.0", name: "net", plugins: [base, ...behind] });
      const before = withoutShared(await takeSnapshot(node));
      const add = (name: string, port: number) =>
        stage.add(name, { portMappings: [mapping(port, 80)], bandwidth: limits }, chain);
      const check = (...pods: readonly Added[]) =>
        Promise.all(pods.map(({ attachment }) => chain.check(attachment)));

      const [first, second] = [await add("first", 8080), await add("second", 8081)];
      await install(node, plugins);
      const third = await add("third", 8082);
      await check(first, second, third);
      expect(new Set(await seen(node))).toEqual(new Set([8080, 8081, 8082]));
      await chain.del(first.attachment);
      await check(second, third);

      await install(node, earlier);
      await check(second, third);
      await chain.del(third.attachment);
      await check(second);

      await install(node, plugins);
      await chain.del(second.attachment);
      expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
    },
  );
});

describe.skipIf(reason !== undefined)("a node with running pods", () => {
  test("goes from the reference to ours, to the next version, and all the way back: no pod notices", async () => {
    const { stage, node, chain, add, check, left } = await setNode();
    await using _ = stage;
    const { host, node4 } = stage.uplink;
    await makeEarlier(node);
    const first = await add("first", 8080);
    await using stream = await openStream(host, { place: first.pod, listen: 5201 }, node4, 9080);
    // A pod of its own: where the stream fills the limit's queue, requests are dropped, too, and come again too late.
    const asked = await add("asked", 8070);
    const asking = await keepAsking(host, [{ server: "asked", url: `http://${node4}:8070/` }]);

    let previous = await add("of-the-reference", 8081);
    const changes: [name: string, change: () => Promise<void>, from: string][] = [
      ["of-the-earlier", () => install(node, earlier), earlier],
      ["of-the-present", () => install(node, plugins), plugins],
      ["of-the-earlier-again", () => install(node, earlier), earlier],
      ["of-the-reference-again", () => uninstall(node), reference.directory],
    ];
    for (const [at, [name, change, from]] of changes.entries()) {
      await change();
      await isFrom(node, from);
      await stream.goesOn();
      const port = 8082 + at;
      const next = await add(name, port);
      // What those before added is as these want it, and they take it away.
      await check([first, asked, previous, next], from === reference.directory ? "reference" : "ours");
      expect(await ask(host, node4, port)).toMatchObject({ server: name });
      const ports = [8070, 8080, port - 1, port].flatMap((one) => [one, one + 1000]);
      expect(await seen(node)).toEqual(ports.sort());
      await chain.del(previous.attachment);
      expect(await ask(host, node4, port)).toMatchObject({ server: name });
      previous = next;
    }

    const { rounds, lost } = await asking.stop();
    expect(lost).toEqual([]);
    expect(rounds).toBeGreaterThan(3);
    await stream.goesOn();
    for (const { attachment } of [previous, asked, first]) await chain.del(attachment);
    expect(await left()).toEqual([]);
  });

  test.each([
    ["while the first is copied", "portmap.new"],
    ["when the old ones are kept", "portmap.replaced"],
  ])("an upgrade killed %s leaves plugins that add, check and delete", async (_what, sign) => {
    const { stage, node, chain, add, check, left } = await setNode();
    await using _ = stage;
    const before = await add("before", 8080);
    const script = `
      "$@" >/dev/null & pid=$!
      until [ -e ${binDir}/.cni-chain/${sign} ] || [ -e ${binDir}/.cni-chain/manifest.json ]; do sleep 0.01; done
      kill -KILL $pid
      echo killed`;
    const argv = [tool, "install", "--bin-dir", binDir, "--from", plugins];
    expect(await node.start(["sh", "-c", script, "sh", ...argv]).ready()).toBe("killed");

    const after = await add("after", 8081);
    const whose = await node.try(["cmp", `${reference.directory}/portmap`, `${binDir}/portmap`]);
    await check([before, after], whose.exitCode === 0 ? "reference" : "ours");
    const { host, node4 } = stage.uplink;
    expect(await ask(host, node4, 8080)).toMatchObject({ server: "before" });
    expect(await ask(host, node4, 8081)).toMatchObject({ server: "after" });
    await uninstall(node);
    await isFrom(node, reference.directory);
    await check([before, after], "reference");
    for (const { attachment } of [before, after]) await chain.del(attachment);
    expect(await left()).toEqual([]);
  });
});
