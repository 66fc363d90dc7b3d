export type { Change } from "./change.ts";
export { type Nftables, NftablesError, nftables } from "./client.ts";
export { matchTextProblem } from "./match-text.ts";
export { parseTable, parseTableNames } from "./parse.ts";
export { jumpTarget, type ListedDnat, listedDnat, metaValues } from "./read-rule.ts";
export { type Reconciliation, reconcile } from "./reconcile.ts";
export { isQuotable, renderChanges, renderHook, renderRule } from "./render.ts";
export type {
  Family,
  Hook,
  ListedChain,
  ListedRule,
  ListedTable,
  Match,
  Protocol,
  Rule,
  Verdict,
} from "./rule.ts";
export { isSameRule } from "./same-rule.ts";
