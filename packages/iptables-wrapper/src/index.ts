export type { Change } from "./change.ts";
export { type Iptables, iptables } from "./client.ts";
export { type CountedRule, countedChains } from "./counted.ts";
export { differences } from "./differences.ts";
export { IptablesError } from "./iptables-error.ts";
export type { ObservedTables } from "./look.ts";
export { type Clause, clausesOf, jumpTarget, listedValue, ruleKeys } from "./normalise.ts";
export { listedLines, parseListing, splitTokens } from "./parse-listing.ts";
export { type Reconciliation, reconcile } from "./reconcile.ts";
export { maxMultiports, renderRule } from "./render.ts";
export { isQuotable, renderRestore } from "./render-restore.ts";
export type { Family, ListedRule, Mark, Protocol, Rule, Target } from "./rule.ts";
export type { ByTable, Table } from "./table.ts";
export {
  type ChainState,
  type Desired,
  type Entries,
  type Observed,
  rulesOf,
  transaction,
} from "./transaction.ts";
export {
  chooseVariant,
  type Installed,
  installedVariants,
  otherVariant,
  presenceIn,
  type Surroundings,
  type Variant,
} from "./variant.ts";
