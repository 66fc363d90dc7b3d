import type { Attachment } from "@cni-chain/core";
import { type Family, type Observed, reconcile, transaction } from "iptables-wrapper";
import { chainsForDel } from "./observe.ts";
import { desiredAbsence } from "./plan.ts";
import type { Tools } from "./tools.ts";

/** Removes the container's rules in one family, whatever they forward. Gives what was there. */
export async function removeFamily(
  attachment: Attachment,
  family: Family,
  { iptables }: Tools,
): Promise<Observed> {
  return reconcile(iptables, {
    family,
    table: "nat",
    chains: chainsForDel(attachment),
    accuracy: "exact",
    plan: (observed) => transaction(observed, desiredAbsence(attachment, observed)),
  });
}
