import type { Command, Tool } from "@cni-chain/exec";
import type { Family } from "./rule.ts";
import { restoreTool, type Variant } from "./variant.ts";

/** Seconds that iptables-legacy waits for the xtables lock; the nft variant has no lock. */
const lockWaitSeconds = 20;

/** The command that takes this text, as the client gives it. */
export function restoreCommand(family: Family, variant: Variant, stdin: string): Command {
  return { ...restoreCall(family, variant), stdin };
}

/** The same without the text. */
export function restoreCall(family: Family, variant: Variant): Tool {
  return { file: restoreTool(family, variant), argv: ["--noflush", "--wait", String(lockWaitSeconds)] };
}
