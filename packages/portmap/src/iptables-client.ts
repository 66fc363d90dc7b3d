import { type Iptables, iptables, presenceIn, type Surroundings, type Variant } from "iptables-wrapper";
import type { Host } from "./tools.ts";

/** iptables in a variant, or what a dry run has in its place. */
export function iptablesClient(
  { runner, dryRun }: Pick<Host, "runner" | "dryRun">,
  around: Surroundings,
  variant: () => Promise<Variant>,
): Iptables {
  const client = iptables(runner, variant, (name) => presenceIn(name, around));
  return dryRun?.iptables(client, { variant, surroundings: around }) ?? client;
}
