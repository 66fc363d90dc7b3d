import { expect, test } from "vitest";
import { difference } from "../lib/snapshot.ts";
import { searchPath } from "../lib/tools.ts";
import { takeRules } from "./rules.ts";
import { type Bench, failureOf, type Verb, Workbench } from "./workbench.ts";

const verbs: readonly Verb[] = ["ADD", "CHECK", "DEL", "GC", "STATUS"];

const benches: readonly Bench[] = [
  { iptables: "nft", backend: "iptables", neighbour: true },
  { iptables: "legacy", backend: "iptables", neighbour: true },
  { iptables: "nft", backend: "nftables", neighbour: true },
];

/** PATH with tools in front that fail with 1 whatever they are asked, as iptables does where a chain is missing. */
async function breakTools(bench: Workbench, { iptables }: Bench, names: readonly string[]): Promise<string> {
  const folder = "/run/broken";
  const lines = [
    `mkdir -p ${folder}/bin`,
    `tee ${folder}/xtables-${iptables}-multi >/dev/null`,
    `chmod +x ${folder}/xtables-${iptables}-multi`,
    ...names.map((name) => `ln -s ../xtables-${iptables}-multi ${folder}/bin/${name}`),
  ];
  await bench.node.run(["sh", "-ec", lines.join("\n")], {
    stdin: "#!/bin/sh\necho 'deliberate fault' >&2\nexit 1\n",
  });
  return `${folder}/bin:${searchPath}`;
}

test.each(benches)(
  "$backend by $iptables: what fails at every call is not taken for an empty node",
  async (options) => {
    await using bench = await Workbench.set(options);
    const clean = await takeRules(bench.node);
    const tools = options.backend === "nftables" ? ["nft"] : ["iptables-restore", "ip6tables-restore"];
    const path = await breakTools(bench, options, tools);
    for (const verb of verbs) {
      if (verb !== "ADD" && verb !== "STATUS") await bench.succeed("ADD");
      const before = await takeRules(bench.node);
      const failure = failureOf(await bench.call(verb, { path }));
      expect(failure, verb).toMatchObject({
        code: verb === "STATUS" ? 50 : 100,
        details: expect.stringContaining("deliberate fault"),
      });
      expect(difference(before, await takeRules(bench.node)), verb).toEqual([]);
      await bench.succeed("DEL");
      expect(difference(clean, await takeRules(bench.node)), verb).toEqual([]);
    }
  },
);
