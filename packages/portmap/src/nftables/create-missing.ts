import type { Change, ListedTable } from "@cni-chain/nft-ts";
import { hooks } from "./names.ts";

/** Creates those of the chains that are not there. */
export function createMissing(table: ListedTable | undefined, names: readonly string[]): Change[] {
  return names
    .filter((chain) => table?.has(chain) !== true)
    .map((chain) => {
      const hook = hooks[chain];
      return { kind: "createChain", chain, ...(hook === undefined ? {} : { hook }) };
    });
}
