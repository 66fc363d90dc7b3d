import { isRecord, type JsonRecord } from "./json.ts";
import type { ListedRule, Protocol } from "./rule.ts";

/** The target of the rule's jump, if it has one. */
export function jumpTarget({ expressions }: ListedRule): string | undefined {
  const target = inner(expressions, "jump")?.["target"];
  return typeof target === "string" ? target : undefined;
}

/** A translation of one port: what the rule matches of it, and where it leads. */
export interface ListedDnat {
  readonly protocol: Protocol;
  readonly port: number;
  /** The destination address it is bound to; undefined for any. */
  readonly destination: string | undefined;
  readonly to: { readonly address: string; readonly port: number };
}

/** What a rule with `dnat` to one address and port does, whoever wrote it; undefined for any other rule. */
export function listedDnat({ expressions }: ListedRule): ListedDnat | undefined {
  const dnat = inner(expressions, "dnat");
  const matches = expressions.flatMap((expression): JsonRecord[] => {
    const match = inner([expression], "match");
    return match === undefined ? [] : [match];
  });
  const payload = (field: string) =>
    matches.findLast(({ op, left }) => op === "==" && inner([left], "payload")?.["field"] === field);
  const dport = payload("dport");
  const protocol = inner([dport?.["left"]], "payload")?.["protocol"];
  const port = dport?.["right"];
  const destination = payload("daddr")?.["right"];
  const [address, toPort] = [dnat?.["addr"], dnat?.["port"]];
  if (!isProtocol(protocol) || typeof port !== "number") return undefined;
  if (typeof address !== "string" || typeof toPort !== "number") return undefined;
  return {
    protocol,
    port,
    destination: typeof destination === "string" ? destination : undefined,
    to: { address, port: toPort },
  };
}

/** The values of the rule's matches `meta KEY OPERATOR value`. */
export function metaValues({ expressions }: ListedRule, key: string, operator: "==" | "!="): unknown[] {
  return expressions.flatMap((expression) => {
    const match = inner([expression], "match");
    const isMeta = match?.["op"] === operator && inner([match["left"]], "meta")?.["key"] === key;
    return isMeta ? [match["right"]] : [];
  });
}

function inner(expressions: readonly unknown[], kind: string): JsonRecord | undefined {
  for (const expression of expressions) {
    const value = isRecord(expression) ? expression[kind] : undefined;
    if (isRecord(value)) return value;
  }
  return undefined;
}

function isProtocol(value: unknown): value is Protocol {
  return value === "tcp" || value === "udp" || value === "sctp";
}
