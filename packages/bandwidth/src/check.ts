import { type DeviceShaping, type Tbf, tbfDifferences } from "tc-ts";
import { hookOf, ownTbf, type Wanted } from "./plan.ts";
import type { ObservedIfb, State } from "./state.ts";

const units = { rate: "byte/s", burst: "bytes", limit: "bytes" } as const;

/** Every difference between the wanted state and this one, as sentences with what is expected and found. */
export function differences(state: State, wanted: Wanted): readonly string[] {
  const { veth, vethShaping, ifb } = state;
  const found: string[] = [];
  if (wanted.ingress !== undefined) found.push(...tbfProblems(veth.name, vethShaping, wanted.ingress));
  if (wanted.egress !== undefined) {
    found.push(...redirectProblems(veth.name, vethShaping, wanted.ifb));
    if (ifb === undefined) found.push(`${wanted.ifb}: expected an ifb of this name, found none`);
    else found.push(...ifbProblems(ifb, veth.mtu), ...tbfProblems(wanted.ifb, ifb.shaping, wanted.egress));
  }
  return found;
}

function tbfProblems(device: string, shaping: DeviceShaping, expected: Tbf): readonly string[] {
  const tbf = ownTbf(shaping);
  if (tbf === undefined) {
    return [`${device}: expected a tbf ${expected.handle} at the root, found ${rootOf(shaping)}`];
  }
  return tbfDifferences(expected, tbf).map(
    ({ field, expected, found }) =>
      `${device}: ${field} of the tbf: expected ${expected} ${units[field]}, found ${found}`,
  );
}

function rootOf(shaping: DeviceShaping): string {
  for (const qdisc of shaping.qdiscs) {
    if (qdisc.kind === "tbf" && qdisc.root) return `tbf ${qdisc.handle}`;
    if (qdisc.kind === "other" && qdisc.root) return `${qdisc.type} ${qdisc.handle}`;
  }
  return "no qdisc";
}

function redirectProblems(veth: string, shaping: DeviceShaping, ifb: string): readonly string[] {
  if (hookOf(shaping) === undefined) return [`${veth}: expected an ingress qdisc (or clsact), found none`];
  const redirects = shaping.filters.filter((filter) => filter.kind === "redirect");
  if (redirects.some(({ target, matchAll, protocol }) => target === ifb && matchAll && protocol === "all")) {
    return [];
  }
  const [other] = redirects;
  const expected = `${veth}: expected a filter that redirects every arriving packet to ${ifb}`;
  if (other === undefined) return [`${expected}, found ${shaping.filters.length === 0 ? "none" : "others"}`];
  if (other.target === ifb) return [`${expected}, found one that takes only some packets`];
  return [`${expected}, found one to ${other.target ?? "a link that is gone"}`];
}

function ifbProblems({ link }: ObservedIfb, mtu: number): readonly string[] {
  const found: string[] = [];
  if (link.kind !== "ifb") {
    found.push(`${link.name}: expected a link of kind ifb, found ${link.kind ?? "another"}`);
  }
  if (!link.up) found.push(`${link.name}: expected it up, found it down`);
  if (link.mtu !== mtu) found.push(`${link.name}: MTU: expected ${mtu} (the host veth's), found ${link.mtu}`);
  return found;
}
