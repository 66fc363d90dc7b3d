import type { Command } from "@cni-chain/exec";
import { applyChange, type Chains } from "./apply-change.ts";
import type { Change } from "./change.ts";
import type { Iptables } from "./client.ts";
import { IptablesError } from "./iptables-error.ts";
import type { ObservedTables } from "./look.ts";
import { renderRestore } from "./render-restore.ts";
import { restoreCommand } from "./restore-command.ts";
import type { Family, ListedRule } from "./rule.ts";
import { type ByTable, inTables, type Table } from "./table.ts";
import type { ChainState } from "./transaction.ts";
import { presenceIn, restoreTool, type Surroundings, type Variant } from "./variant.ts";

/** A chain as it was found, and as it would be; undefined where there is none. */
export interface ChainDifference {
  /** `iptables`, `ip6tables-legacy`, … */
  readonly tool: string;
  readonly table: Table;
  readonly chain: string;
  readonly before: readonly ListedRule[] | undefined;
  readonly after: readonly ListedRule[] | undefined;
}

/** What dry runs have seen of iptables' tables, and what they would have changed. */
export interface DryTables {
  /**
   * A client that looks at the node through another one and changes nothing: what is applied is noted here, and later
   * looks see it. What is looked at twice is read once. Throws IptablesError on a line that iptables would refuse, as far
   * as that can be told.
   */
  over(client: Iptables, options: DryRunOptions): Iptables;
  /** Every chain that a change was made for. */
  differences(): readonly ChainDifference[];
  /** The transactions, as the commands that would carry them out. */
  readonly commands: readonly Command[];
}

export interface DryRunOptions {
  /** The variant that the client speaks to. */
  variant(): Promise<Variant>;
  /** Of the tool: a table that iptables-legacy does not have is not looked at, which would make it, but taken as empty. */
  readonly surroundings: Surroundings;
}

interface Model {
  readonly tool: string;
  readonly table: Table;
  readonly chain: string;
  readonly before: readonly ListedRule[] | undefined;
  after: readonly ListedRule[] | undefined;
  isTouched: boolean;
}

export function dryTables(): DryTables {
  const models = new Map<string, Model>();
  const commands: Command[] = [];
  const keyOf = (tool: string, table: Table, chain: string) => `${tool} ${table} ${chain}`;

  function over(client: Iptables, { variant, surroundings }: DryRunOptions): Iptables {
    async function observe(family: Family, wanted: ByTable<readonly string[]>): Promise<ObservedTables> {
      const name = await variant();
      const tool = toolOf(family, name);
      const unseen = inTables(wanted).map(([table, chains]) => {
        const names = chains.filter((chain) => !models.has(keyOf(tool, table, chain)));
        return [table, names] as const;
      });
      const { realPath, legacyTables } = surroundings;
      const presence = presenceIn(name, { realPath, legacyTables });
      const readable = unseen.filter(([table]) => presence(family, table, "PREROUTING") !== false);
      const read = await client.observe(family, Object.fromEntries(readable), "exact");
      for (const [table, names] of unseen) {
        for (const chain of names) {
          const before = rulesIn(read[table]?.get(chain), chain);
          models.set(keyOf(tool, table, chain), {
            tool,
            table,
            chain,
            before,
            after: before,
            isTouched: false,
          });
        }
      }
      return Object.fromEntries(
        inTables(wanted).map(([table, chains]) => {
          const states = chains.map(
            (chain) => [chain, stateOf(models.get(keyOf(tool, table, chain)))] as const,
          );
          return [table, new Map(states)];
        }),
      );
    }

    return {
      observe,
      async observeAndApply(family, chains) {
        return { applied: false, observed: await observe(family, chains) };
      },
      async apply(family, changes) {
        if (inTables(changes).length === 0) return;
        const named = inTables(changes).map(([table, lines]) => [table, chainsIn(lines)]);
        await observe(family, Object.fromEntries(named));
        const name = await variant();
        const command = restoreCommand(family, name, renderRestore(changes));
        for (const [table, lines] of inTables(changes)) change(command, toolOf(family, name), table, lines);
        commands.push(command);
      },
    };
  }

  function change(command: Command, tool: string, table: Table, lines: readonly Change[]): void {
    const own = [...models.values()].filter((model) => model.tool === tool && model.table === table);
    const chains: Chains = new Map();
    for (const { chain, after } of own) if (after !== undefined) chains.set(chain, [...after]);
    const refused = lines.find((line) => !applyChange(chains, line));
    if (refused !== undefined) throw refusal(command, refused);
    for (const chain of chainsIn(lines)) {
      const model = models.get(keyOf(tool, table, chain));
      if (model === undefined) continue;
      model.after = chains.get(chain);
      model.isTouched = true;
    }
  }

  return { over, commands, differences: () => [...models.values()].filter(({ isTouched }) => isTouched) };
}

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

function rulesIn(state: ChainState | undefined, chain: string): readonly ListedRule[] | undefined {
  if (state?.kind === "present") return state.rules;
  return state === undefined && builtIn.has(chain) ? [] : undefined;
}

function stateOf(model: Model | undefined): ChainState {
  return model?.after === undefined ? { kind: "absent" } : { kind: "present", rules: model.after };
}

function chainsIn(lines: readonly Change[]): string[] {
  return [...new Set(lines.map(({ chain }) => chain))];
}

function toolOf(family: Family, variant: Variant): string {
  return restoreTool(family, variant).replace("-restore", "");
}

function refusal(command: Command, change: Change): IptablesError {
  const stderr = `would be refused: ${JSON.stringify(change)}`;
  return new IptablesError(command, { kind: "exited", exitCode: 1, stdout: "", stderr });
}
