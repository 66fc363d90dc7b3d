import type { Command } from "@cni-chain/exec";
import type { Change } from "./change.ts";
import { changesCommand, type Nftables, NftablesError } from "./client.ts";
import type { Family, ListedChain, ListedRule, ListedTable, Rule } from "./rule.ts";
import { expressionsOf } from "./same-rule.ts";

/** A table as it was found, and as it would be; undefined where there is none. */
export interface TableDifference {
  readonly family: Family;
  readonly table: string;
  readonly before: ListedTable | undefined;
  readonly after: ListedTable | undefined;
}

/** What dry runs have seen of nftables' tables, and what they would have changed. */
export interface DryRuleset {
  /**
   * A client that looks at the node through another one and changes nothing: what is applied is noted here, and later
   * looks see it. A table is read once. Throws NftablesError on a line that nft would refuse, as far as that can be told.
   */
  over(client: Nftables): Nftables;
  /** Every table that a change was made for. */
  differences(): readonly TableDifference[];
  /** The transactions, as the commands that would carry them out. */
  readonly commands: readonly Command[];
  /** The rules that would be written, by the handles they have here, all below 0. */
  readonly written: ReadonlyMap<number, Rule>;
}

type Chains = ReadonlyMap<string, ListedChain>;

interface Model extends TableDifference {
  after: Chains | undefined;
  isTouched: boolean;
}

export function dryRuleset(): DryRuleset {
  const models = new Map<string, Model>();
  const commands: Command[] = [];
  const written = new Map<number, Rule>();

  async function look(client: Nftables, family: Family, table: string): Promise<Model> {
    const key = `${family} ${table}`;
    const known = models.get(key);
    if (known !== undefined) return known;
    const before = await client.observe(family, table);
    const model = { family, table, before, after: before, isTouched: false };
    models.set(key, model);
    return model;
  }

  function note(family: Family, rule: Rule): ListedRule {
    const handle = -1 - written.size;
    written.set(handle, rule);
    return { handle, comment: rule.comment, expressions: expressionsOf(family, rule) };
  }

  /** Undefined where nft would refuse the change. */
  function changed(family: Family, chains: Chains | undefined, change: Change): Chains | undefined {
    if (change.kind === "addTable") return chains ?? new Map();
    const chain = chains?.get(change.chain);
    if (chains === undefined || (chain === undefined) !== (change.kind === "createChain")) return undefined;
    const { hook, rules } = chain ?? { hook: undefined, rules: [] };
    const holding = (next: readonly ListedRule[]) => new Map(chains).set(change.chain, { hook, rules: next });
    switch (change.kind) {
      case "createChain":
        return new Map(chains).set(change.chain, { hook: change.hook, rules });
      case "append":
        return holding([...rules, note(family, change.rule)]);
      case "insertFirst":
        return holding([note(family, change.rule), ...rules]);
      case "deleteRule": {
        const left = rules.filter(({ handle }) => handle !== change.handle);
        return left.length === rules.length ? undefined : holding(left);
      }
    }
  }

  return {
    commands,
    written,
    differences: () => [...models.values()].filter(({ isTouched }) => isTouched),
    over: (client) => ({
      tableNames: () => client.tableNames(),
      observe: async (family, table) => (await look(client, family, table)).after,
      async apply(family, table, changes) {
        if (changes.length === 0) return;
        const model = await look(client, family, table);
        const command = changesCommand(family, table, changes);
        let chains = model.after;
        for (const change of changes) {
          chains = changed(family, chains, change);
          if (chains === undefined) throw refusal(command, change);
        }
        model.after = chains;
        model.isTouched = true;
        commands.push(command);
      },
    }),
  };
}

function refusal(command: Command, change: Change): NftablesError {
  const stderr = `would be refused: ${JSON.stringify(change)}`;
  return new NftablesError(command, { kind: "exited", exitCode: 1, stdout: "", stderr });
}
