import { isJsonObject, type Json, type JsonObject } from "@cni-chain/core";
import { isWithin } from "./addresses.ts";
import { type Packet, type Surroundings, type Test, type Truth, truth } from "./packet.ts";

/** What an expression of libnftables-json(5) is for a packet: values, of which one has to fit; undefined: not known here. */
type Values = readonly (string | number)[] | undefined;

/** `none`: the packet has no such field, so that no match on it holds. */
type Read = (packet: Packet, node: Surroundings) => Values | "none";

/** The test that a `match` makes. */
export function matchTest({ op, left, right }: JsonObject): Test {
  const read = reader(left);
  return (packet, node) => {
    const values = read(packet, node);
    if (values === "none") return "no";
    if (values === undefined) return "may";
    const fits = anyOf(values.map((value) => fitsIn(value, right ?? null, op)));
    return op === "!=" ? opposite(fits) : fits;
  };
}

/** Reads the value that a `vmap` or a `match` looks at. */
export function reader(expression: Json | undefined): Read {
  if (!isJsonObject(expression)) return () => undefined;
  const { payload, meta, ct, fib } = expression;
  if (isJsonObject(payload)) return (packet) => payloadValues(payload, packet);
  if (isJsonObject(meta)) return (packet) => metaValues(String(meta["key"]), packet);
  if (isJsonObject(ct)) return (packet) => ctValues(ct, packet);
  if (isJsonObject(fib)) return (packet, node) => fibValues(fib, packet, node);
  const masked = expression["&"];
  if (Array.isArray(masked)) {
    const [inner, mask]: readonly Json[] = masked;
    const read = reader(inner);
    return (packet, node) => {
      const values = read(packet, node);
      if (values === "none" || values === undefined || typeof mask !== "number") return undefined;
      return values.map((value) => (typeof value === "number" ? (value & mask) >>> 0 : value));
    };
  }
  return () => undefined;
}

function payloadValues({ protocol, field }: JsonObject, packet: Packet): Values | "none" {
  switch (protocol) {
    case "ip":
    case "ip6": {
      if (packet.family !== (protocol === "ip" ? "v4" : "v6")) return "none";
      if (field === "saddr") return [packet.source];
      if (field === "daddr") return [packet.destination];
      return field === "protocol" || field === "nexthdr" ? protocolNames(packet) : undefined;
    }
    case "tcp":
    case "udp":
    case "sctp":
    case "th":
      if (protocol !== "th" && protocol !== packet.protocol) return "none";
      if (field === "dport") return [packet.destinationPort];
      return field === "sport" && packet.sourcePort !== undefined ? [packet.sourcePort] : undefined;
    case "icmp":
    case "icmpv6":
      return "none";
    default:
      return undefined;
  }
}

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;

function protocolNames({ protocol }: Packet): Values {
  return [protocol, protocolNumbers[protocol]];
}

function metaValues(key: string, packet: Packet): Values | "none" {
  switch (key) {
    case "iifname":
    case "iif":
      return packet.inDevice === undefined ? "none" : [packet.inDevice];
    case "oifname":
    case "oif":
      return packet.outDevice === undefined ? "none" : [packet.outDevice];
    case "l4proto":
      return protocolNames(packet);
    case "nfproto":
      return packet.family === "v4" ? ["ipv4", 2] : ["ipv6", 10];
    case "mark":
      return [packet.mark];
    case "length":
      // What opens a connection is small; what is compared with 2 GiB and more is a tag of ours.
      return [packet.family === "v4" ? 60 : 80];
    default:
      return undefined;
  }
}

function ctValues({ key }: JsonObject, { state, dnat, snat }: Packet): Values {
  if (key === "state") return [state, state === "new" ? 8 : 2];
  if (key === "status") return [...(dnat ? ["dnat"] : []), ...(snat ? ["snat"] : [])];
  return undefined;
}

function fibValues({ result, flags }: JsonObject, packet: Packet, node: Surroundings): Values {
  const [flag, ...more]: readonly Json[] = Array.isArray(flags) ? flags : [flags ?? null];
  if (result !== "type" || more.length > 0) return undefined;
  const address = flag === "daddr" ? packet.destination : flag === "saddr" ? packet.source : undefined;
  return address === undefined ? undefined : [node.isLocal(address) ? "local" : "unicast"];
}

/** Whether a value is in what stands on the right: a value, a prefix, a range, a set. */
function fitsIn(value: string | number, right: Json, op: Json | undefined): Truth {
  if (op === "<" || op === ">" || op === "<=" || op === ">=")
    return compared(Number(value), Number(right), op);
  if (typeof right === "number") return truth(value === right);
  if (typeof right === "string") return right.startsWith("@") ? "may" : truth(sameText(value, right));
  if (Array.isArray(right)) return anyOf(right.map((one: Json) => fitsIn(value, one, op)));
  if (!isJsonObject(right)) return "may";
  const { set, prefix, range, elem } = right;
  if (Array.isArray(set)) return anyOf(set.map((one: Json) => fitsIn(value, one, op)));
  if (isJsonObject(elem)) return fitsIn(value, elem["val"] ?? null, op);
  if (isJsonObject(prefix))
    return truth(isWithin(String(value), `${String(prefix["addr"])}/${Number(prefix["len"])}`));
  if (Array.isArray(range)) {
    const [first, last]: readonly Json[] = range;
    return typeof first === "number" && typeof last === "number" && typeof value === "number"
      ? truth(value >= first && value <= last)
      : "may";
  }
  return "may";
}

/** Looks a value up among the keys of a literal map: the verdict of its entry, `none`, or undefined where that is not known. */
export function entryFor(values: Values | "none", data: Json | undefined): Json | "none" | undefined {
  const set = isJsonObject(data) ? data["set"] : undefined;
  if (values === "none") return "none";
  if (values === undefined || !Array.isArray(set)) return undefined;
  for (const entry of set) {
    const [key, verdict]: readonly Json[] = Array.isArray(entry) ? entry : [];
    const fits = anyOf(values.map((value) => fitsIn(value, key ?? null, "==")));
    if (fits === "may") return undefined;
    if (fits === "yes") return verdict;
  }
  return "none";
}

function compared(value: number, right: number, op: string): Truth {
  const holds = { "<": value < right, ">": value > right, "<=": value <= right, ">=": value >= right }[op];
  return holds === undefined || Number.isNaN(right) ? "may" : truth(holds);
}

/** Device names may end in an asterisk. Addresses are compared as such. */
function sameText(value: string | number, right: string): boolean {
  if (right.endsWith("*")) return String(value).startsWith(right.slice(0, -1));
  return String(value) === right || isWithin(String(value), right);
}

function anyOf(truths: readonly Truth[]): Truth {
  if (truths.includes("yes")) return "yes";
  return truths.includes("may") ? "may" : "no";
}

function opposite(one: Truth): Truth {
  return one === "may" ? "may" : one === "yes" ? "no" : "yes";
}
