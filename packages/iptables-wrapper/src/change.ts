import type { ListedRule, Rule } from "./rule.ts";

/** One line of a transaction. A line that does not apply makes the whole transaction fail. */
export type Change =
  /** Fails where the chain exists: the loser of a race fails whole instead of emptying the winner's chain. */
  | { readonly kind: "newChain"; readonly chain: string }
  | { readonly kind: "flushChain"; readonly chain: string }
  /** Fails where the chain has rules or is jumped to. */
  | { readonly kind: "deleteChain"; readonly chain: string }
  | { readonly kind: "append"; readonly chain: string; readonly rule: Rule }
  | { readonly kind: "insertFirst"; readonly chain: string; readonly rule: Rule }
  | { readonly kind: "deleteRule"; readonly chain: string; readonly rule: ListedRule };
