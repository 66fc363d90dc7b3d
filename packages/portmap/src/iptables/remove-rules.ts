import type { Attachment } from "@cni-chain/core";
import {
  type Family,
  type Iptables,
  jumpTarget,
  type Observed,
  reconcile,
  rulesOf,
  transaction,
} from "iptables-wrapper";
import { type Hints, noAddresses } from "../backend.ts";
import type { Forward } from "../forwards.ts";
import type { Host } from "../tools.ts";
import { chains, containerChain } from "./chains.ts";
import { chainsForClosing, closeUnusedLoopback } from "./close-loopback.ts";
import { listedForwards } from "./listed-forwards.ts";
import { chainsForDel, enteredChain } from "./observe.ts";
import { absenceOf, desiredAbsence, removal } from "./plan.ts";
import { renamedChains } from "./renamed.ts";

/** Removes the container's rules in one transaction, closes what nobody needs any more, and gives what they forwarded. */
export async function removeRules(
  attachment: Attachment,
  family: Family,
  { addresses = noAddresses, config }: Hints,
  iptables: Iptables,
  host: Host,
): Promise<readonly Forward[]> {
  const own = containerChain(attachment);
  let [late, renamed]: [Observed, Observed] = [new Map(), new Map()];
  const { before, after } = await reconcile(iptables, {
    family,
    chains: chainsForDel(attachment, family, (await iptables.tellsMissing?.(family)) ?? false),
    accuracy: "exact",
    ...(family === "v4" ? { andThen: chainsForClosing } : {}),
    ...(config === undefined ? {} : { guess: { nat: removal(attachment, config, family) } }),
    async plan({ nat: seen = new Map() }) {
      late = await enteredChain(iptables, family, seen, own);
      const nat = await withLegacySnat(iptables, family, new Map([...seen, ...late]));
      renamed = await renamedChains(iptables, family, nat, attachment, addresses);
      const gone = [desiredAbsence(attachment, nat), absenceOf([...renamed.keys()])];
      return { nat: gone.flatMap((desired) => transaction(new Map([...nat, ...renamed]), desired)) };
    },
  });
  const went = new Map([...(before.nat ?? []), ...late, ...renamed]);
  const names = [own, ...renamed.keys()];
  const removed = names.flatMap((chain) => listedForwards(rulesOf(went, chain) ?? []));
  if (family === "v4") {
    const now = removed.length === 0 ? before : undefined;
    await closeUnusedLoopback(attachment.network, removed, iptables, host, after ?? now);
  }
  return removed;
}

/** Adds the chain that plugins of 2017 shared to what is known, where it is entered. */
async function withLegacySnat(iptables: Iptables, family: Family, nat: Observed): Promise<Observed> {
  const isEntered = (rulesOf(nat, "POSTROUTING") ?? []).some(
    (rule) => jumpTarget(rule) === chains.legacySnat,
  );
  if (!isEntered) return nat;
  const { nat: more = new Map() } = await iptables.observe(family, { nat: [chains.legacySnat] }, "exact");
  return new Map([...nat, ...more]);
}
