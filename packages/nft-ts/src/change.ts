import type { Hook, Rule } from "./rule.ts";

/** One line of a transaction on one table. A line that does not apply makes the whole transaction fail. */
export type Change =
  /** Nothing where the table exists. */
  | { readonly kind: "addTable"; readonly comment: string }
  /** Fails where the chain exists: the loser of a race fails whole instead of writing its rules twice. */
  | { readonly kind: "createChain"; readonly chain: string; readonly hook?: Hook }
  | { readonly kind: "append"; readonly chain: string; readonly rule: Rule }
  | { readonly kind: "insertFirst"; readonly chain: string; readonly rule: Rule }
  /** Fails where the rule is gone. */
  | { readonly kind: "deleteRule"; readonly chain: string; readonly handle: number };
