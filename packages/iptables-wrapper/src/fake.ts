import type { CommandResult } from "@cni-chain/exec";
import { applyChange, type Chains } from "./apply-change.ts";
import type { Change } from "./change.ts";
import type { Iptables } from "./client.ts";
import { IptablesError } from "./iptables-error.ts";
import { renderRestore } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import { inTables, type Table } from "./table.ts";
import type { ChainState } from "./transaction.ts";

export interface FakeIptables extends Iptables {
  /** The rules of a chain as `-S` would list their tokens; undefined where there is no such chain. */
  rules(family: Family, chain: string, table?: Table): string[] | undefined;
  /** Transactions carried out so far, as the text they were. */
  readonly applied: readonly string[];
}

/**
 * A model of the tables of both families, for tests: transactions work whole or not at all, and what iptables
 * refuses is refused. `fail` is asked before each call of apply; an outcome it gives is thrown instead.
 */
export function fakeIptables(
  fail: (family: Family) => CommandResult | undefined = () => undefined,
): FakeIptables {
  const tables: Record<Family, Record<Table, Chains>> = { v4: emptyTables(), v6: emptyTables() };
  const applied: string[] = [];
  const fake: FakeIptables = {
    applied,
    rules: (family, chain, table = "nat") =>
      tables[family][table].get(chain)?.map(({ tokens }) => tokens.join(" ")),
    async observe(family, chains) {
      const seen = inTables(chains).map(([table, names]) => [table, look(tables[family][table], names)]);
      return Object.fromEntries(seen);
    },
    async apply(family, changes) {
      if (inTables(changes).length === 0) return;
      const stdin = renderRestore(changes);
      const command = { file: "iptables-restore", argv: [], stdin };
      const failure = fail(family);
      if (failure !== undefined) throw new IptablesError(command, failure);
      for (const [table, lines] of inTables(changes)) {
        const copy: Chains = new Map([...tables[family][table]].map(([chain, rules]) => [chain, [...rules]]));
        const refused = lines.find((change) => !targetExists(copy, change) || !applyChange(copy, change));
        if (refused !== undefined) {
          const stderr = `refused: ${JSON.stringify(refused)}`;
          throw new IptablesError(command, { kind: "exited", exitCode: 1, stdout: "", stderr });
        }
        tables[family][table] = copy;
      }
      applied.push(stdin);
    },
    async observeAndApply(family, chains, changes, { andThen } = {}) {
      const observed = await fake.observe(family, chains);
      const complete = inTables(chains).every(([table, names]) =>
        names.every((chain) => observed[table]?.get(chain)?.kind === "present"),
      );
      if (!complete) return { applied: false, observed };
      try {
        await fake.apply(family, changes);
        if (andThen === undefined) return { applied: true, observed };
        return { applied: true, observed, after: await fake.observe(family, andThen) };
      } catch (error) {
        if (error instanceof IptablesError && error.failure === "failed") return { applied: false, observed };
        throw error;
      }
    },
  };
  return fake;
}

function look(table: Chains, chains: readonly string[]): Map<string, ChainState> {
  return new Map(
    chains.map((chain) => {
      const rules = table.get(chain);
      return [chain, rules === undefined ? { kind: "absent" } : { kind: "present", rules: [...rules] }];
    }),
  );
}

function emptyTables(): Record<Table, Chains> {
  return { raw: emptyTable(), mangle: emptyTable(), nat: emptyTable() };
}

function emptyTable(): Chains {
  return new Map(["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"].map((chain) => [chain, []]));
}

function targetExists(chains: Chains, change: Change): boolean {
  if (change.kind !== "append" && change.kind !== "insertFirst") return true;
  const { target } = change.rule;
  return target.kind !== "jump" || ["RETURN", "ACCEPT", "DROP"].includes(target.to) || chains.has(target.to);
}
