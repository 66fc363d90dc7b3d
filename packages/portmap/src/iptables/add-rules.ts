import { CniError, ErrorCode } from "@cni-chain/core";
import {
  type Change,
  type Family,
  type Iptables,
  type Observed,
  reconcile,
  transaction,
} from "iptables-wrapper";
import type { Request } from "../backend.ts";
import type { PortmapConfig } from "../config.ts";
import { wantedForwards } from "../forwards.ts";
import { isLoopbackOpen, openLoopback } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { chains, containerChain } from "./chains.ts";
import { conflictText, findConflicts, refuse } from "./conflicts.ts";
import { desiredGuard, isGuarded } from "./guard.ts";
import { chainsForAdd, enteredChain } from "./observe.ts";
import { amongShared, type ContainerRules, containerRules } from "./plan.ts";

/**
 * Makes the container's rules what the request says, in one transaction, and lets packets from 127.0.0.1 out to it
 * once they are guarded. Throws CniError 7 where the chain for marks, which is another's to make, is missing, 102 where a
 * host port is held that is not to be taken over.
 */
export async function addRules(request: Request, iptables: Iptables, { kernel }: Host): Promise<void> {
  const { attachment, config, destination, warn } = request;
  const { family } = destination;
  const own = containerChain(attachment);
  const container = containerRules(attachment, config, destination);
  const wanted = wantedForwards(config.portMappings, destination);
  const told = new Set<string>();
  const tellOnce = (text: string) => {
    if (!told.has(text)) warn(text);
    told.add(text);
  };
  await reconcile(iptables, {
    family,
    chains: chainsForAdd(config, isGuarded(request)),
    // Nothing may lead there, where somebody has flushed the shared chain.
    chainsOnFailure: { nat: [own] },
    // What a container's first ADD on a node in use comes to. To refuse, one has to look first.
    ...(config.onConflict === "replace" ? { guess: { nat: firstAdd(container) } } : {}),
    async plan({ raw = new Map(), nat: shared = new Map() }) {
      requireMarkChain(config, family, shared);
      const nat = new Map([...shared, ...(await enteredChain(iptables, family, shared, own))]);
      const conflicts = await findConflicts(iptables, family, nat, own, wanted);
      if (conflicts.length > 0 && config.onConflict === "refuse") refuse(conflicts);
      for (const text of new Set(conflicts.map(conflictText))) tellOnce(`${text}; it is taken over`);
      const device = await request.loopbackDevice;
      const opened = device !== undefined && !isLoopbackOpen(kernel, device) ? device : undefined;
      return {
        ...(device === undefined ? {} : { raw: transaction(raw, desiredGuard(opened)) }),
        nat: transaction(nat, amongShared(container, config, conflicts.length > 0)),
      };
    },
  });
  const device = await request.loopbackDevice;
  if (device !== undefined) openLoopback(kernel, device);
}

/** The transaction where everything shared stands and nothing of the container's does. */
function firstAdd({ own, entries }: ContainerRules): Change[] {
  return transaction(new Map([[chains.dnat, { kind: "present", rules: [] }]]), {
    owned: [own],
    entries: [entries],
  });
}

function requireMarkChain({ snat, marking }: PortmapConfig, family: Family, observed: Observed): void {
  if (!snat || marking.kind !== "chain" || observed.get(marking.chain)?.kind !== "absent") return;
  throw new CniError(
    ErrorCode.invalidConfig,
    `externalSetMarkChain: chain ${JSON.stringify(marking.chain)} does not exist in table nat of ${family === "v4" ? "iptables" : "ip6tables"}`,
    "Whoever owns the chain has to make it first; or leave externalSetMarkChain out, and portmap makes its own.",
  );
}
