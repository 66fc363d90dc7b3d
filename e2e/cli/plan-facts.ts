import { parseListing, ruleKeys } from "iptables-wrapper";

/** A change as `plan --json` tells it, as far as it is compared. */
export interface Change {
  readonly action: "add" | "remove" | "change" | "move";
  readonly kind: string;
  readonly where: string;
  readonly within?: string;
  readonly what: string;
  readonly before?: string;
}

/** What a plan says as facts that a snapshot can tell, too: one text each. */
export function factsOfPlan(changes: readonly Change[], variant: string): string[] {
  return changes.flatMap((change) => {
    const { kind, where, within = "", what, before } = change;
    const sign = change.action === "remove" ? "-" : "+";
    switch (kind) {
      case "chain":
        return where.startsWith("nft") ? [] : [`${sign} chain ${toolOf(where, variant)} ${what}`];
      case "rule":
        if (change.action === "move") return [];
        return where.startsWith("nft")
          ? [`${sign} nft ${what}`]
          : [`${sign} rule ${toolOf(where, variant)} ${within} ${keysOf(within, what)}`];
      case "link":
        return change.action === "change" ? [`~ link ${nameIn(what)}`] : [`${sign} link ${nameIn(what)}`];
      case "qdisc":
        return before === undefined
          ? [`${sign} qdisc ${within} ${nameIn(what)}`]
          : [`- qdisc ${within} ${nameIn(before)}`, `+ qdisc ${within} ${nameIn(what)}`];
      case "filter":
        return [`${sign} filter ${within}`];
      case "sysctl": {
        const name = within.replace("net/ipv4/conf/", "");
        return [`- sysctl ${name}:${before}`, `+ sysctl ${name}:${what}`];
      }
      default:
        return [];
    }
  });
}

/** What the difference of two snapshots says, as the same facts. */
export function factsOfDifference(lines: readonly string[]): string[] {
  const facts = lines.filter(isOwnFact).flatMap((line) => {
    const [, sign, list = "", text = ""] = /^([+-]) ([\w-]+): (.*)$/s.exec(line) ?? [];
    if (list.includes("tables-")) {
      const [, table, chain, rule] = /^(\w+) (?::(\S+) - |-A (.*))/.exec(`${text} `) ?? [];
      if (chain !== undefined) return [`${sign} chain ${list} ${table} ${chain}`];
      const [within = "", ...rest] = (rule ?? "").trim().split(" ");
      return [`${sign} rule ${list} ${table} ${within} ${keysOf(within, rest.join(" "))}`];
    }
    switch (list) {
      case "nft": {
        const rule = text.trim();
        return /^(?:table|chain|type|comment|\})/.test(rule) || rule === "" ? [] : [`${sign} nft ${rule}`];
      }
      case "links":
        return [`${sign} link ${text.split(":")[0]}`];
      case "qdiscs": {
        const [, kind, device] = /^qdisc (\w+) \S+ dev (\S+)/.exec(text) ?? [];
        return [`${sign} qdisc ${device} ${kind}`];
      }
      case "filters":
        return [`${sign} filter ${text.split(" ")[0]}`];
      case "sysctls":
        return [`${sign} sysctl ${text}`];
      default:
        return [`unknown: ${line}`];
    }
  });
  return [...new Set(facts)].sort();
}

/** Every device brings a sysctl along; and a link's line tells its qdisc, which stands in a list of its own, too. */
function isOwnFact(line: string, _at: number, all: readonly string[]): boolean {
  if (/^[+-] sysctls: bwp/.test(line)) return false;
  const withoutQdisc = (text: string) => text.slice(2).replace(/ qdisc \w+/, "");
  const isTwice = all.some((other) => other[0] !== line[0] && withoutQdisc(other) === withoutQdisc(line));
  return !(line.slice(2).startsWith("links: ") && isTwice);
}

/** Of a set of facts only what can differ: a thing that is taken and put back is none. */
export function sorted(facts: readonly string[]): string[] {
  return [...new Set(facts)].sort();
}

function toolOf(where: string, variant: string): string {
  const [tool = "", table = ""] = where.split(" ");
  return `${/-(?:nft|legacy)$/.test(tool) ? tool : `${tool}-${variant}`} ${table}`;
}

function keysOf(chain: string, rule: string): string {
  const text = rule.replace(/'([^']*)'/g, (_, inner: string) => `"${inner.replaceAll('"', '\\"')}"`);
  const [listed] = parseListing(`-N ${chain}\n-A ${chain} ${text}\n`);
  return (listed?.rules ?? []).flatMap(ruleKeys).join(" ");
}

function nameIn(what: string): string {
  return what.split(" ")[0] ?? "";
}
