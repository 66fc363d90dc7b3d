import { type Clause, clausesOf, listedLines, splitTokens } from "iptables-wrapper";
import { testOf } from "./iptables-matches.ts";
import { allOf } from "./packet.ts";
import type { BaseChain, Hook, Rule, Table, Verdict } from "./ruleset.ts";

const hooks: Readonly<Record<string, Hook>> = {
  PREROUTING: "prerouting",
  INPUT: "input",
  FORWARD: "forward",
  OUTPUT: "output",
  POSTROUTING: "postrouting",
};

/** Of ip_tables and ip6_tables, linux/netfilter_ipv4.h. */
const priorities: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  nat: -100,
  filter: 0,
  security: 50,
};

/** Reads what `iptables-save` prints. `tool` names the variant. */
export function iptablesRuleset(tool: string, text: string): BaseChain[] {
  const tables: { readonly name: string; readonly lines: string[] }[] = [];
  for (const line of listedLines(text)) {
    if (line.startsWith("*")) tables.push({ name: line.slice(1), lines: [] });
    else tables.at(-1)?.lines.push(line);
  }
  return tables.flatMap(({ name, lines }) => tableChains(tool, name, lines));
}

function tableChains(tool: string, name: string, lines: readonly string[]): BaseChain[] {
  const chains = new Map<string, Rule[]>();
  const policies = new Map<string, "accept" | "drop">();
  for (const line of lines) {
    const [, chain, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (chain !== undefined) {
      chains.set(chain, []);
      if (policy !== "-") policies.set(chain, policy === "DROP" ? "drop" : "accept");
    }
    const [flag, within = "", ...tokens] = line.startsWith("-A ") ? splitTokens(line) : [];
    if (flag === "-A") chains.get(within)?.push(ruleOf(tokens, line.replace(/^-A \S+ ?/, "")));
  }
  const table: Table = { name: `${tool} ${name}`, chains };
  return [...policies].flatMap(([chain, policy]): BaseChain[] => {
    const hook = hooks[chain];
    if (hook === undefined) return [];
    const isSource = name === "nat" && (hook === "postrouting" || hook === "input");
    const priority = isSource ? 100 : (priorities[name] ?? 0);
    return [{ table, chain, hook, type: name === "nat" ? "nat" : "filter", priority, policy }];
  });
}

function ruleOf(tokens: readonly string[], text: string): Rule {
  const clauses = clausesOf({ tokens });
  const comment = clauses.find(({ option }) => option === "--comment")?.values[0];
  const takes = allOf(clauses.flatMap((clause) => testOf(clause, clauses)));
  return { text, takes, verdict: verdictOf(clauses), comment };
}

const goesOn = /^(?:LOG|NFLOG|TCPMSS|CONNMARK|CLASSIFY|DSCP|TOS|TTL|HL|AUDIT|TRACE|SET|CHECKSUM|RATEEST)$/;

function verdictOf(clauses: readonly Clause[]): Verdict {
  const value = (option: string) => clauses.find((clause) => clause.option === option)?.values[0];
  const chain = value("-g");
  if (chain !== undefined) return { kind: "goto", to: chain };
  const target = value("-j");
  switch (target) {
    case undefined:
      return { kind: "none" };
    case "ACCEPT":
      return { kind: "accept" };
    case "DROP":
      return { kind: "drop" };
    case "REJECT":
      return { kind: "reject" };
    case "RETURN":
      return { kind: "return" };
    case "MASQUERADE":
      return { kind: "masquerade" };
    case "SNAT":
    case "NETMAP":
      return { kind: "snat" };
    case "DNAT": {
      const [, v6, v4, port] =
        /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(value("--to-destination") ?? "") ?? [];
      const address = v6 ?? v4;
      return {
        kind: "dnat",
        address: address === "" ? undefined : address,
        port: port === undefined ? undefined : Number(port),
      };
    }
    case "MARK": {
      const [bits = 0, mask = 0xffff_ffff] = (value("--set-xmark") ?? value("--set-mark") ?? "")
        .split("/")
        .map(Number);
      const or = value("--or-mark");
      if (or !== undefined) return { kind: "mark", value: Number(or), mask: Number(or) };
      return value("--and-mark") === undefined ? { kind: "mark", value: bits, mask } : { kind: "unknown" };
    }
    case "REDIRECT":
    case "TPROXY":
    case "NFQUEUE":
    case "CT":
      return { kind: "unknown" };
    default:
      return goesOn.test(target) ? { kind: "none" } : { kind: "jump", to: target };
  }
}
