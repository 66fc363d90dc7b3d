import { differences, type Iptables } from "iptables-wrapper";
import type { Request } from "../backend.ts";
import { wantedForwards } from "../forwards.ts";
import { loopbackDifference } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { containerChain } from "./chains.ts";
import { findConflicts } from "./conflicts.ts";
import { desiredGuard, isGuarded } from "./guard.ts";
import { chainsForAdd } from "./observe.ts";
import { orderDifferences } from "./order.ts";
import { desiredRules } from "./plan.ts";

/** Every difference between what ADD makes and what is there. */
export async function checkRules(request: Request, iptables: Iptables, { kernel }: Host): Promise<string[]> {
  const { attachment, config, destination } = request;
  const { family } = destination;
  const own = containerChain(attachment);
  const asked = chainsForAdd(config, isGuarded(request));
  const { raw = new Map(), nat = new Map() } = await iptables.observe(
    family,
    { ...asked, nat: [...(asked.nat ?? []), own] },
    "exact",
  );
  const conflicts = await findConflicts(
    iptables,
    family,
    nat,
    own,
    wantedForwards(config.portMappings, destination),
  );
  const device = await request.loopbackDevice;
  const tool = family === "v4" ? "iptables" : "ip6tables";
  return [
    ...differences(nat, desiredRules(attachment, config, destination)).map((line) => `${tool} nat: ${line}`),
    ...orderDifferences(nat, own, conflicts, config).map((line) => `${tool} nat: ${line}`),
    ...(device === undefined
      ? []
      : [
          ...differences(raw, desiredGuard(undefined)).map((line) => `${tool} raw: ${line}`),
          ...loopbackDifference(kernel, device),
        ]),
  ];
}
