import type { AttachmentCall, Result } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { fakeIp } from "@cni-chain/ip-ts/fake";
import { fakeTc } from "tc-ts/fake";
import { expect, test } from "vitest";
import { add, check } from "./add.ts";
import type { BandwidthConfig } from "./config.ts";
import { readConfig } from "./config.ts";
import { del } from "./del.ts";
import { ifbName } from "./names.ts";
import { networkByTools } from "./network.ts";

const attachment = { network: "mynet", containerId: "abc123", ifname: "eth0" };
const ifb = ifbName(attachment);
const prevResult: Result = {
  interfaces: [{ name: "veth1" }, { name: "eth0", sandbox: "/pod" }],
  ips: [],
  routes: [],
};

const by = (runner: Runner) => async () => networkByTools(runner);

/** A node with a pod on a veth. A line that changes something is number 1, 2, …; `failing` is refused. */
function bench() {
  const state = { failing: 0, changes: 0, processes: 0, warnings: [] as string[] };
  const refuse = (line: string) => {
    if (/ show /.test(line)) return false;
    state.changes += 1;
    return state.changes === state.failing;
  };
  const link = { flags: ["UP"], mtu: 1500, linkinfo: { info_kind: "veth" } };
  const ip = fakeIp(
    {
      "": [{ ...link, ifname: "veth1", ifindex: 7, link_index: 2 }],
      "/pod": [{ ...link, ifname: "eth0", ifindex: 2, link_index: 7 }],
    },
    refuse,
  );
  const host = ip.namespaces.get("");
  const tc = fakeTc({ exists: (name) => host?.has(name) ?? false, refuse });
  const runner: Runner = {
    run(command) {
      state.processes += 1;
      return (command.file === "tc" ? tc : ip).run(command);
    },
  };
  const snapshot = () =>
    structuredClone({
      links: [...(host?.values() ?? [])],
      shaping: [...tc.devices].filter(([name]) => host?.has(name)),
    });
  return { state, tc, host, runner, snapshot };
}

type Bench = ReturnType<typeof bench>;

function call({ state }: Bench, rate: number): AttachmentCall<BandwidthConfig> {
  const read = readConfig({ ingressRate: rate, ingressBurst: rate, egressRate: rate, egressBurst: rate });
  if (!read.ok) throw new Error("bad test config");
  const warn = (message: string) => void state.warnings.push(message);
  return { attachment, cniVersion: "1.0.0", config: read.value, netns: "/pod", prevResult, warn };
}

const delCall = ({ state }: Bench) => ({
  attachment,
  cniVersion: "1.0.0" as const,
  netns: undefined,
  prevResult,
  netConf: {},
  warn: (message: string) => void state.warnings.push(message),
});

test("whichever change fails, in a first or a second ADD, everything is as before", async () => {
  let tried = 0;
  for (const before of [undefined, 800_000]) {
    for (let failing = 1; ; failing += 1) {
      const node = bench();
      await check(call(node, 1_600_000), by(node.runner));
      if (before !== undefined) await add(call(node, before), by(node.runner));
      const expected = node.snapshot();
      Object.assign(node.state, { changes: 0, failing });
      const outcome = await add(call(node, 1_600_000), by(node.runner)).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) break;
      tried += 1;
      expect(outcome.name).toBe("CommandError");
      expect(node.snapshot()).toEqual(expected);
      expect(node.state.warnings).toEqual([]);
    }
  }
  // Link, its settings, hook, two tbf and the filter; the second time the ifb's settings and two tbf.
  expect(tried).toBe(6 + 3);
});

test("a way back that fails as well is told, and the first error is the one thrown", async () => {
  const node = bench();
  const { runner } = node;
  let broken = false;
  const breaking: Runner = {
    run(command) {
      if (broken) return Promise.resolve({ kind: "notStarted", reason: "no more processes" });
      broken = command.file === "tc" && command.stdin?.includes("replace") === true;
      return broken
        ? Promise.resolve({ kind: "timedOut", timeoutMs: 1, stdout: "", stderr: "" })
        : runner.run(command);
    },
  };
  await expect(add(call(node, 800_000), by(breaking))).rejects.toMatchObject({ failure: "timedOut" });
  expect(node.state.warnings).toEqual([expect.stringContaining("could not take everything back")]);
});

test("five processes for both directions; one for a DEL that finds nothing", async () => {
  const node = bench();
  await add(call(node, 800_000), by(node.runner));
  expect(node.state.processes).toBe(5);
  expect(await check(call(node, 800_000), by(node.runner))).toEqual([]);
  await del(delCall(node), by(node.runner));
  node.state.processes = 0;
  await del({ ...delCall(node), prevResult: undefined }, by(node.runner));
  expect(node.state.processes).toBe(1);
});

test("DEL goes on where one removal fails, then tells the failure", async () => {
  const node = bench();
  await add(call(node, 800_000), by(node.runner));
  Object.assign(node.state, { changes: 0, failing: 1 });
  await expect(del(delCall(node), by(node.runner))).rejects.toMatchObject({ name: "CommandError" });
  expect(node.host?.has(ifb)).toBe(false);
});

test("an ifb that the result lists already is listed once, with its MAC", async () => {
  const node = bench();
  const listed = { ...prevResult, interfaces: [{ name: ifb, mac: "old" }, ...prevResult.interfaces] };
  const result = await add({ ...call(node, 800_000), prevResult: listed }, by(node.runner));
  expect(result.interfaces).toEqual([{ name: ifb, mac: "02:00:00:00:00:01" }, ...prevResult.interfaces]);
});

test("takes the next preference where somebody else has the first, and says who", async () => {
  const node = bench();
  const theirs = { pref: 1, handle: "800::800", target: "theirs" };
  node.tc.devices.set("veth1", { hook: "clsact", filters: [theirs] });
  await add(call(node, 800_000), by(node.runner));
  expect(node.tc.devices.get("veth1")?.filters.map(({ pref, target }) => [pref, target])).toEqual([
    [1, "theirs"],
    [2, ifb],
  ]);
  expect(node.state.warnings).toEqual([expect.stringContaining("redirect at preference 1")]);
  await del(delCall(node), by(node.runner));
  expect(node.tc.devices.get("veth1")).toEqual({ hook: "clsact", filters: [theirs] });
});

test("leaves a clsact that was there before, also with no filter but ours", async () => {
  const node = bench();
  node.tc.devices.set("veth1", { hook: "clsact", filters: [] });
  await add(call(node, 800_000), by(node.runner));
  await del({ ...delCall(node), netns: undefined }, by(node.runner));
  expect(node.tc.devices.get("veth1")).toMatchObject({ hook: "clsact", filters: [] });
});

test.each([
  [undefined, "/pod"],
  [prevResult, "/pod"],
  [undefined, undefined],
])(
  "DEL takes the hook of an ADD that was killed before it set its filter, told %o, %s",
  async (told, netns) => {
    const node = bench();
    await add(call(node, 800_000), by(node.runner));
    node.tc.devices.set("veth1", { hook: "ingress", filters: [] });
    await del({ ...delCall(node), prevResult: told, netns }, by(node.runner));
    expect(node.tc.devices.get("veth1")).toEqual({ filters: [] });
  },
);

test("DEL leaves somebody's hook without filters, where there is no ifb of the container's", async () => {
  const node = bench();
  node.tc.devices.set("veth1", { hook: "ingress", filters: [] });
  await del({ ...delCall(node), netns: "/pod" }, by(node.runner));
  expect(node.tc.devices.get("veth1")).toEqual({ hook: "ingress", filters: [] });
});

test("without proof that a veth is the container's, DEL leaves its tbf", async () => {
  const node = bench();
  await add(call(node, 800_000), by(node.runner));
  const device = node.tc.devices.get("veth1");
  for (const filter of device?.filters ?? []) filter.target = "bwpofanother";
  const before = structuredClone(device);
  await del(delCall(node), by(node.runner));
  expect(node.tc.devices.get("veth1")).toEqual(before);
  expect(node.host?.has(ifb)).toBe(false);
});

test("does not take over a link of another kind with the ifb's name", async () => {
  const node = bench();
  node.host?.set(ifb, { ifname: ifb, ifindex: 9, flags: [], mtu: 1500, linkinfo: { info_kind: "dummy" } });
  const before = node.snapshot();
  await expect(add(call(node, 800_000), by(node.runner))).rejects.toThrow("is taken by a link of kind dummy");
  await del(delCall(node), by(node.runner));
  expect(node.snapshot().links).toEqual(before.links);
});
