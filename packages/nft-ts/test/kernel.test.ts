import { Node } from "@cni-chain/e2e/lib/node.ts";
import type { Runner } from "@cni-chain/exec";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Family,
  isSameRule,
  jumpTarget,
  listedDnat,
  metaValues,
  nftables,
  type Rule,
  reconcile,
} from "../src/index.ts";

let node: Node;
const runner: Runner = {
  async run({ file, argv, stdin }) {
    return { kind: "exited", ...(await node.try([file, ...argv], stdin === undefined ? {} : { stdin })) };
  },
};
const client = nftables(runner);

beforeAll(async () => {
  node = await Node.start();
});
beforeEach(() => node.run(["nft", "flush", "ruleset"]));
afterAll(() => node.close());

describe.each<Family>(["ip", "ip6"])("%s", (family) => {
  const address = (host: number) => (family === "ip" ? `10.9.0.${host}` : `fd09::${host}`);
  /** One rule of every kind this package can write. */
  const everyKind: readonly Rule[] = [
    {
      matches: [
        { kind: "lengthNot", length: 4294967295 },
        { kind: "text", text: `${family} saddr { ${address(7)}, ${address(8)} } ct state new` },
        { kind: "address", field: "daddr", network: address(1) },
        { kind: "destinationPort", protocol: "sctp", port: 65535 },
      ],
      verdict: { kind: "dnat", address: address(2), port: 80 },
      comment: "who it is",
    },
    { matches: [{ kind: "localDestination" }], verdict: { kind: "jump", to: "leaf" } },
    {
      matches: [
        { kind: "inInterface", name: "eth0", negated: false },
        { kind: "inInterface", name: "lo", negated: true },
      ],
      verdict: { kind: "drop" },
    },
  ];
  const masquerade: Rule = {
    matches: [
      { kind: "address", field: "saddr", network: family === "ip" ? "0.0.0.0/0" : "::/0" },
      {
        kind: "address",
        field: "daddr",
        network: `${address(0)}/${family === "ip" ? 24 : 64}`.replace("::0/", "::/"),
      },
    ],
    verdict: { kind: "masquerade" },
  };

  async function establish() {
    await client.apply(family, "t", [
      { kind: "addTable", comment: "a test" },
      { kind: "createChain", chain: "leaf" },
      { kind: "createChain", chain: "pre", hook: { type: "nat", hook: "prerouting", priority: -100 } },
      { kind: "createChain", chain: "post", hook: { type: "nat", hook: "postrouting", priority: 100 } },
      ...everyKind.map((rule) => ({ kind: "append", chain: "pre", rule }) as const),
      { kind: "append", chain: "post", rule: masquerade },
    ]);
    return (await client.observe(family, "t")) ?? expect.unreachable();
  }

  test("every kind of rule is read back as the one that was written, and as no other", async () => {
    const table = await establish();
    const listed = [...(table.get("pre")?.rules ?? []), ...(table.get("post")?.rules ?? [])];
    const written = [...everyKind, masquerade];
    expect(listed.map((found) => written.map((rule) => isSameRule(family, rule, found)))).toEqual(
      written.map((_, at) => written.map((_, other) => at === other)),
    );
    expect(table.get("pre")?.hook).toEqual({ type: "nat", hook: "prerouting", priority: -100 });
    expect(table.get("leaf")?.hook).toBeUndefined();
  });

  test("what a rule does is told whoever wrote it", async () => {
    const [dnat, jump, drop] = (await establish()).get("pre")?.rules ?? [];
    expect(dnat && listedDnat(dnat)).toEqual({
      protocol: "sctp",
      port: 65535,
      destination: address(1),
      to: { address: address(2), port: 80 },
    });
    expect(dnat && metaValues(dnat, "length", "!=")).toEqual([4294967295]);
    expect(jump && [jumpTarget(jump), listedDnat(jump)]).toEqual(["leaf", undefined]);
    expect(drop && metaValues(drop, "iifname", "!=")).toEqual(["lo"]);
  });

  test("a transaction with one bad line leaves no trace of the good ones", async () => {
    const bad = { matches: [], verdict: { kind: "jump", to: "nowhere" } } as const;
    const changes = [
      { kind: "addTable", comment: "" },
      { kind: "createChain", chain: "c" },
      { kind: "append", chain: "c", rule: bad },
    ] as const;
    await expect(client.apply(family, "t", changes)).rejects.toMatchObject({ failure: "failed" });
    expect(await client.observe(family, "t")).toBeUndefined();
  });

  test("the tables are named whatever is in them", async () => {
    await client.apply(family, "empty", [{ kind: "addTable", comment: "empty" }]);
    await establish();
    expect(await client.tableNames()).toEqual(new Set([`${family} empty`, `${family} t`]));
  });

  test("a chain that somebody creates meanwhile is not created twice", async () => {
    let isFirst = true;
    await client.apply(family, "t", [{ kind: "addTable", comment: "" }]);
    await reconcile(client, {
      family,
      table: "t",
      async plan(observed) {
        if (isFirst) await client.apply(family, "t", [{ kind: "createChain", chain: "c" }]);
        isFirst = false;
        return observed?.has("c") ? [] : [{ kind: "createChain", chain: "c" }];
      },
    });
    expect([...((await client.observe(family, "t")) ?? [])].map(([name]) => name)).toEqual(["c"]);
  });
});
