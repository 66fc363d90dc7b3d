import { Node } from "@cni-chain/e2e/lib/node.ts";
import { iptablesVariants } from "@cni-chain/e2e/lib/tools.ts";
import type { Runner } from "@cni-chain/exec";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Desired,
  differences,
  type Family,
  IptablesError,
  iptables,
  type ListedRule,
  type Observed,
  type Rule,
  reconcile,
  transaction,
} from "../src/index.ts";

const families: readonly Family[] = ["v4", "v6"];
const matrix = iptablesVariants.flatMap((variant) => families.map((family) => ({ variant, family })));

describe.each(matrix)("$variant, $family", ({ variant, family }) => {
  let node: Node;
  let commands: string[];
  let client: ReturnType<typeof iptables>;
  const tool = family === "v4" ? "iptables" : "ip6tables";
  const address = (host: number) => (family === "v4" ? `10.9.0.${host}` : `fd09::${host}`);

  beforeAll(async () => {
    node = await Node.start({ iptables: variant });
    const runner: Runner = {
      async run({ file, argv, stdin }) {
        commands.push(file);
        const options = stdin === undefined ? {} : { stdin };
        return { kind: "exited", ...(await node.try([file, ...argv], options)) };
      },
    };
    client = iptables(runner);
  });
  beforeEach(async () => {
    commands = [];
    await node.run(["sh", "-ec", `${tool} -t nat -F; ${tool} -t nat -X`]);
  });
  afterAll(() => node.close());

  /** One rule of every kind this package can write. */
  const everyKind: readonly Rule[] = [
    {
      protocol: "tcp",
      destinationPort: 80,
      destination: address(1),
      source: `${address(7)}/24`,
      target: { kind: "dnat", address: address(2), port: 8080 },
    },
    {
      protocol: "udp",
      destinationPort: 53,
      source: family === "v4" ? "0.0.0.0/0" : "::/0",
      target: { kind: "jump", to: "LEAF" },
    },
    {
      protocol: "sctp",
      destinationPorts: [3, 1, 2],
      comment: `q" b\\ it's -j X`,
      target: { kind: "jump", to: "LEAF" },
    },
    { destinationType: "LOCAL", target: { kind: "jump", to: "LEAF" } },
    { inInterface: { name: "lo", negated: true }, target: { kind: "jump", to: "RETURN" } },
    {
      protocol: "tcp",
      conditions: ["!", "-s", address(9), "-m", "conntrack", "--ctstate", "NEW"],
      target: { kind: "jump", to: "LEAF" },
    },
    { conditions: ["-s", `${address(3)},${address(4)}`], target: { kind: "jump", to: "LEAF" } },
    { mark: { value: 0x2000, mask: 0x2000 }, target: { kind: "jump", to: "LEAF" } },
    { target: { kind: "mark", value: 0x2000, mask: 0x2000 } },
  ];
  const desired: Desired = {
    shared: ["LEAF"],
    owned: [{ chain: "OWN", rules: everyKind }],
    entries: [
      { chain: "PREROUTING", position: "last", rules: [{ target: { kind: "jump", to: "OWN" } }] },
      {
        chain: "POSTROUTING",
        position: "first",
        rules: [{ mark: { value: 1, mask: 1 }, target: { kind: "masquerade" } }],
      },
    ],
  };
  const chains = ["PREROUTING", "POSTROUTING", "LEAF", "OWN"];
  const observe = async (names: string[]): Promise<Observed> =>
    (await client.observe(family, { nat: names }, "exact")).nat ?? new Map();
  const establish = () =>
    reconcile(client, {
      family,
      chains: { nat: chains },
      plan: ({ nat = new Map() }) => ({ nat: transaction(nat, desired) }),
    });

  test("every kind of rule is read back as it was written, and a second time nothing is to do", async () => {
    await establish();
    expect(differences(await observe(chains), desired)).toEqual([]);
    commands = [];
    await establish();
    expect(commands).toEqual([`${tool}-restore`]);
  });

  test("observing costs one process and changes nothing", async () => {
    await establish();
    const before = await node.run([`${tool}-save`, "-t", "nat"]);
    commands = [];
    await client.observe(family, { nat: chains });
    expect(commands).toHaveLength(1);
    expect(withoutDates(await node.run([`${tool}-save`, "-t", "nat"]))).toEqual(withoutDates(before));
  });

  test("foreign rules keep their place and ours go to both ends", async () => {
    await node.run([tool, "-t", "nat", "-A", "PREROUTING", "-j", "ACCEPT"]);
    await node.run([tool, "-t", "nat", "-A", "POSTROUTING", "-j", "ACCEPT"]);
    await establish();
    const observed = await observe(chains);
    const targets = (chain: string) => {
      const state = observed.get(chain);
      return state?.kind === "present" ? state.rules.map((rule: ListedRule) => rule.tokens.at(-1)) : [];
    };
    expect(targets("PREROUTING")).toEqual(["ACCEPT", "OWN"]);
    expect(targets("POSTROUTING")).toEqual(["MASQUERADE", "ACCEPT"]);
  });

  test("a transaction with one bad line leaves no trace of the good ones", async () => {
    const bad = { kind: "append", chain: "NEW", rule: { target: { kind: "jump", to: "NOWHERE" } } } as const;
    await expect(client.apply(family, { nat: [{ kind: "newChain", chain: "NEW" }, bad] })).rejects.toThrow(
      IptablesError,
    );
    expect((await observe(["NEW"])).get("NEW")).toEqual({ kind: "absent" });
  });

  test("removal takes what is ours and only that", async () => {
    await establish();
    await node.run([tool, "-t", "nat", "-A", "PREROUTING", "-j", "ACCEPT"]);
    const isOurs = (rule: ListedRule) => rule.tokens.includes("OWN");
    const gone: Desired = {
      entries: [{ chain: "PREROUTING", position: "last", rules: [], isOurs }],
      absent: ["OWN"],
    };
    await reconcile(client, {
      family,
      chains: { nat: ["PREROUTING", "OWN"] },
      accuracy: "exact",
      plan: ({ nat = new Map() }) => ({ nat: transaction(nat, gone) }),
    });
    const saved = await node.run([`${tool}-save`, "-t", "nat"]);
    expect(saved).not.toContain("OWN");
    expect(saved).toContain("-A PREROUTING -j ACCEPT");
  });

  test("many at once on a bare table all get their chain, and the shared one is made once", async () => {
    const workers = Array.from({ length: 8 }, (_, at) => `WORKER${at}`);
    await Promise.all(
      workers.map((worker) =>
        reconcile(client, {
          family,
          chains: { nat: ["SHARED", worker] },
          plan: ({ nat = new Map() }) => ({
            nat: transaction(nat, {
              shared: ["SHARED", worker],
              entries: [
                { chain: "SHARED", position: "last", rules: [{ target: { kind: "jump", to: worker } }] },
              ],
            }),
          }),
        }),
      ),
    );
    const observed = await observe(["SHARED"]);
    const state = observed.get("SHARED");
    const jumps = state?.kind === "present" ? state.rules.map((rule: ListedRule) => rule.tokens.at(-1)) : [];
    expect(jumps.sort()).toEqual(workers);
  });

  test("a look behind a transaction, in its process, sees the tables as they are then", async () => {
    await client.apply(family, { nat: [{ kind: "newChain", chain: "A" }] });
    commands.length = 0;
    const rule: Rule = { protocol: "tcp", target: { kind: "jump", to: "RETURN" } };
    const { nat, raw } =
      (await client.applyAndObserve?.(
        family,
        { nat: [{ kind: "append", chain: "A", rule }] },
        { nat: ["A"], raw: ["PREROUTING"] },
      )) ?? {};
    expect(commands).toHaveLength(1);
    expect(nat?.get("A")).toEqual({ kind: "present", rules: [{ tokens: ["-p", "tcp", "-j", "RETURN"] }] });
    expect(raw?.get("PREROUTING")?.kind).toBe("present");
    const twice = { nat: [{ kind: "newChain", chain: "A" }] } as const;
    await expect(client.applyAndObserve?.(family, twice, { nat: ["A"] })).rejects.toThrow(IptablesError);
  });
});

function withoutDates(saved: string): string {
  return saved.replaceAll(/^#.*$/gm, "").replaceAll(/\[\d+:\d+\]/g, "");
}
