import { byNetlink } from "@cni-chain/bandwidth/by-netlink";
import { type Network, networkByTools } from "@cni-chain/bandwidth/network";
import { type Command, type Runner, runToSuccess } from "@cni-chain/exec";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { dryRuleset } from "@cni-chain/nft-ts/dry-run";
import { procKernel } from "@cni-chain/portmap/kernel";
import type { Host } from "@cni-chain/portmap/tools";
import { dryTables } from "iptables-wrapper/dry-run";
import type { PlannedChange } from "./change.ts";
import { dryKernel } from "./dry-kernel.ts";
import { dryLinks, type SupposedLink } from "./dry-links.ts";
import { dryRunner } from "./dry-runner.ts";
import { dryTc } from "./dry-tc.ts";
import { flowChanges } from "./flow-changes.ts";
import { iptablesChanges, nftChanges, type RuleTexts } from "./rule-changes.ts";
import { parseRuleTexts } from "./rule-texts.ts";

/** The plugins' ports to the node, all of which read it and none of which changes it. */
export interface DryPorts {
  readonly network: Network;
  readonly host: Host;
  /** Everything that would be different. */
  changes(): Promise<readonly PlannedChange[]>;
  /** What would bring that about, in its order. */
  commands(): readonly Command[];
}

/**
 * Ports over the node this process runs on. `supposed`: links that are not there yet, but will be by the time of the work.
 * What one plugin would change, the next one sees.
 */
export function dryPorts(runner: Runner, path: string, supposed: readonly SupposedLink[]): DryPorts {
  const real = byNetlink() ?? networkByTools(runner);
  const others: Command[] = [];
  const tables = dryTables();
  const ruleset = dryRuleset();
  const kernel = dryKernel(procKernel);
  const links = dryLinks(real.links, supposed);
  const tc = dryTc(real.tc, (device) => links.coming.has(device));
  return {
    network: { links: links.links, tc: tc.tc },
    host: {
      runner: dryRunner(runner, (command) => others.push(command)),
      kernel: kernel.kernel,
      path,
      netlink: netlinkSockets(),
      dryRun: {
        iptables: (client, of) => tables.over(client, of),
        nftables: (client) => ruleset.over(client),
      },
    },
    async changes() {
      const differences = ruleset.differences();
      const texts = await ruleTexts(
        runner,
        differences.flatMap(({ family, table, before }) => (before === undefined ? [] : [{ family, table }])),
      );
      return [
        ...iptablesChanges(tables.differences()),
        ...nftChanges(differences, ruleset.written, texts),
        ...links.changes(),
        ...(await tc.changes(links.gone)),
        ...kernel.changes(),
        ...flowChanges(others),
      ];
    },
    // Rules before what opens a way to them, filters before the link they lead to: the order of the plugins' own.
    commands: () => [
      ...tables.commands,
      ...ruleset.commands,
      ...kernel.commands(),
      ...others,
      ...links.making,
      ...tc.commands,
      ...links.deleting,
    ],
  };
}

/** nft's own words for the rules that stand in these tables. */
async function ruleTexts(
  runner: Runner,
  tables: readonly { readonly family: string; readonly table: string }[],
): Promise<RuleTexts> {
  const texts = new Map<string, string>();
  for (const { family, table } of tables) {
    const argv = ["-a", "-n", "list", "table", family, table];
    const listing = await runToSuccess(runner, { file: "nft", argv });
    for (const [handle, text] of parseRuleTexts(listing)) texts.set(`${family} ${table} ${handle}`, text);
  }
  return (family, table, handle) => texts.get(`${family} ${table} ${handle}`);
}
