import { type Family, isSameRule, type ListedRule, listedDnat, type Rule } from "@cni-chain/nft-ts";

/** Of each wanted rule the first listed one that is made as it is. Only rules for one port are compared: a pod may have thousands. */
export function findMade(
  family: Family,
  wanted: readonly Rule[],
  listed: readonly ListedRule[],
): readonly (ListedRule | undefined)[] {
  const byPort = Map.groupBy(listed, listedPort);
  return wanted.map((rule) => byPort.get(portOf(rule))?.find((one) => isMadeAs(family, rule, one)));
}

/** The listed rules that are none of the wanted ones. */
export function notAmong(
  family: Family,
  wanted: readonly Rule[],
  listed: readonly ListedRule[],
): readonly ListedRule[] {
  const byPort = Map.groupBy(wanted, portOf);
  return listed.filter((rule) => !byPort.get(listedPort(rule))?.some((one) => isSameRule(family, one, rule)));
}

/** True where a rule does what ours does; the tag that tells whose it is may be missing, as in the reference plugin's. */
export function isMadeAs(family: Family, rule: Rule, listed: ListedRule): boolean {
  if (listed.comment !== rule.comment) return false;
  const [, ...untagged] = rule.matches;
  return isSameRule(family, rule, listed) || isSameRule(family, { ...rule, matches: untagged }, listed);
}

/** Empty for rules that forward no port. */
function portOf({ matches }: Rule): string {
  const port = matches.find((match) => match.kind === "destinationPort");
  return port === undefined ? "" : `${port.protocol} ${port.port}`;
}

function listedPort(rule: ListedRule): string {
  const dnat = listedDnat(rule);
  return dnat === undefined ? "" : `${dnat.protocol} ${dnat.port}`;
}
