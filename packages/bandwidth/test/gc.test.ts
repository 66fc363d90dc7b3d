import type { GcCall } from "@cni-chain/core";
import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { add, check } from "../src/add.ts";
import { readConfig } from "../src/config.ts";
import { gc } from "../src/gc.ts";
import { ifbName } from "../src/names.ts";
import type { Network } from "../src/network.ts";
import { networkBy } from "./network-by.ts";

let node: PrivateNode;
let network: Network;

beforeEach(async () => {
  node = await privateNode();
});
afterEach(() => node[Symbol.asyncDispose]());

const limits = { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 8_000_000, egressBurst: 800_000 };

/** An attachment of a new pod, whose veth on the host is `veth-CONTAINER`. */
async function attached(name: string, containerId: string) {
  await node.run(`ip netns add ${containerId}`);
  await node.run(`ip link add v-${containerId} type veth peer name eth0 netns ${containerId}`);
  const config = readConfig(limits);
  if (!config.ok) throw new Error("bad test config");
  const call = {
    attachment: { network: name, containerId, ifname: "eth0" },
    cniVersion: "1.1.0" as const,
    config: config.value,
    netns: node.netns(containerId),
    prevResult: {
      interfaces: [{ name: `v-${containerId}` }, { name: "eth0", sandbox: "/pod" }],
      ips: [],
      routes: [],
    },
    warn: expect.unreachable,
  };
  await add(call, async () => network);
  return call;
}

function gcCall(name: string, valid: readonly string[]): GcCall {
  return {
    network: name,
    valid: valid.map((containerId) => ({ containerId, ifname: "eth0" })),
    cniVersion: "1.1.0",
    netConf: {},
    warn: expect.unreachable,
  };
}

/** Runs GC and gives the number of processes it took. */
async function collect(name: string, valid: readonly string[], by: Network = network) {
  node.ran.length = 0;
  await gc(gcCall(name, valid), async () => by);
  return node.ran.length;
}

async function ifbs(): Promise<readonly string[]> {
  const shown = await node.run("ip -o link show type ifb");
  return [...shown.matchAll(/^\d+: (\S+):/gm)].map(([, name]) => name ?? "").sort();
}

async function shapingOf(veth: string): Promise<string> {
  return (
    (await node.run(`tc qdisc show dev ${veth}`)) + (await node.run(`tc filter show dev ${veth} ingress`))
  );
}

const names = (...owners: [string, string][]) =>
  owners.map(([network, containerId]) => ifbName({ network, containerId })).sort();

describe.each(["tools", "netlink"] as const)("by %s", (by) => {
  beforeEach(async () => {
    network = await networkBy(by, node);
  });

  test("removes what is stale of this network, and nothing of others or of the reference plugin's", async () => {
    const kept = await attached("net", "kept");
    await attached("net", "stale");
    await attached("net", "gone");
    const other = await attached("net2", "other");
    await node.run("ip link delete v-gone");
    const foreign = ifbName({ network: "net", containerId: "reference" });
    await node.run(`ip link add ${foreign} type ifb`);
    const bare = await (async () => {
      await node.run("ip link add untouched type veth peer name untouched0");
      return (await shapingOf("untouched")).replaceAll("untouched", "v-stale");
    })();

    expect(await collect("net", ["kept"])).toBe(by === "tools" ? 4 : 0);

    expect(await ifbs()).toEqual([foreign, ...names(["net", "kept"], ["net2", "other"])].sort());
    expect(await shapingOf("v-stale")).toBe(bare);
    expect(await check(kept, async () => network)).toEqual([]);
    expect(await check(other, async () => network)).toEqual([]);
    expect(await collect("net", ["kept"])).toBe(by === "tools" ? 1 : 0);
  });

  test("takes two processes for any number of ifbs whose veths are gone", async () => {
    for (const containerId of ["a", "b", "c"]) {
      await attached("net", containerId);
      await node.run(`ip link delete v-${containerId}`);
    }
    expect(await collect("net", [])).toBe(by === "tools" ? 2 : 0);
    expect(await ifbs()).toEqual([]);
  });

  test("leaves a veth alone that has the name of a stale one, and shaping of its own", async () => {
    await attached("net", "old");
    await node.run("ip link delete v-old");
    await node.run("ip link add v-old type veth peer name peer0");
    await node.run("tc qdisc add dev v-old root handle 1: tbf rate 1mbit burst 9000 limit 90000");
    const before = await shapingOf("v-old");
    await collect("net", []);
    expect(await ifbs()).toEqual([]);
    expect(await shapingOf("v-old")).toBe(before);
  });

  test("one that cannot be removed does not keep the rest, and is named", async () => {
    for (const containerId of ["a", "b", "c"]) await attached("net", containerId);
    const [stuck = ""] = names(["net", "b"]);
    /** Lets every change of `v-b` and of its ifb fail, as the kernel might. */
    const spoiled = (name: string) => (name === "v-b" || name === stuck ? "nothere" : name);
    const spoiling: Network = {
      tc: {
        ...network.tc,
        change: (changes) =>
          network.tc.change(changes.map((change) => ({ ...change, device: spoiled(change.device) }))),
      },
      links: {
        ...network.links,
        async deleteAll(names) {
          await network.links.deleteAll(names.filter((name) => name !== stuck));
          await network.links.change([{ do: "set", name: "nothere", alias: stuck }]);
        },
      },
    };
    const error = await collect("net", [], spoiling).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    const { errors } = error as AggregateError;
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/\(.*qdisc delete dev nothere .*\)/),
      expect.stringContaining(stuck),
    ]);
    expect(await ifbs()).toEqual([stuck]);
    expect(await shapingOf("v-a")).not.toContain("tbf");
    expect(await shapingOf("v-b")).toContain("tbf");
    expect(await shapingOf("v-c")).not.toContain("tbf");
  });

  test("a node without any ifb is clean", async () => {
    expect(await collect("net", [])).toBe(by === "tools" ? 1 : 0);
  });
});
