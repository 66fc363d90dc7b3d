import type { Reconciliation } from "../src/reconcile.ts";
import { transaction } from "../src/transaction.ts";

const argv = ["--noflush", "--wait", "20"];
/** The command that hands over these lines of table nat. */
export const restore = (stdin: string) => ({
  file: "iptables-restore",
  argv,
  stdin: `*nat\n${stdin}\nCOMMIT\n`,
});
/** Wants these chains in table nat. */
export const task = (chains: string[]): Reconciliation => ({
  family: "v4",
  chains: { nat: chains },
  plan: ({ nat = new Map() }) => ({ nat: transaction(nat, { shared: chains }) }),
});
