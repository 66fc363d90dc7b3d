import { isRecord, type JsonRecord, number, text } from "./json.ts";
import type { Filter, Handle, Qdisc } from "./qdisc.ts";
import { bytes, bytesPerSecond } from "./units.ts";

/**
 * Reads one document of `tc -j -r qdisc show dev …`. Without `-r` tc shows a tbf's limit only as the latency it
 * makes; it is computed back then. Throws SyntaxError on a tbf without rate or burst.
 */
export function parseQdiscs(records: readonly JsonRecord[]): readonly Qdisc[] {
  return records.flatMap((record) => {
    const type = text(record, "kind");
    return type === undefined ? [] : [qdisc(type, record)];
  });
}

/**
 * Reads one document of `tc -j filter show dev … ingress`. Entries that are no filters but the head of a preference
 * or a hash table of u32 are left out.
 */
export function parseFilters(records: readonly JsonRecord[]): readonly Filter[] {
  return records.flatMap((record) => {
    const type = text(record, "kind");
    const options = record["options"];
    if (type === undefined || !isRecord(options) || "ht_divisor" in options) return [];
    return [filter(type, record, options)];
  });
}

function qdisc(type: string, record: JsonRecord): Qdisc {
  if (type === "ingress" || type === "clsact") return { kind: type };
  const root = record["root"] === true;
  const handle: Handle = `${(text(record, "handle") ?? "0:").replace(/:$/, "")}:`;
  if (type !== "tbf") return { kind: "other", type, handle, root };
  const options = isRecord(record["options"]) ? record["options"] : {};
  const rate = number(options, "rate");
  const burst = number(options, "burst");
  if (rate === undefined || burst === undefined) {
    throw new SyntaxError(`a tbf without rate or burst: ${JSON.stringify(record).slice(0, 200)}`);
  }
  const microseconds = number(options, "lat") ?? 0;
  const limit = number(options, "limit") ?? Math.round((rate * microseconds) / 1e6) + burst;
  return { kind: "tbf", handle, root, rate: bytesPerSecond(rate), burst: bytes(burst), limit: bytes(limit) };
}

function filter(type: string, record: JsonRecord, options: JsonRecord): Filter {
  const preference = number(record, "pref") ?? 0;
  const protocol = text(record, "protocol") ?? "all";
  // With -r the number stands behind it once more, as `800::800[80000800]`.
  const handle = text(options, "fh")?.replace(/\[.*$/, "");
  const redirect = actions(options).find(
    (action) =>
      text(action, "kind") === "mirred" &&
      text(action, "mirred_action") === "redirect" &&
      text(action, "direction") === "egress",
  );
  if (type !== "u32" || handle === undefined || redirect === undefined) {
    return { kind: "other", type, preference, protocol };
  }
  const target = text(redirect, "to_dev");
  return {
    kind: "redirect",
    preference,
    protocol,
    handle,
    matchAll: takesEverything(options["match"]),
    // An asterisk stands for a device that is gone.
    target: target === "*" ? undefined : target,
  };
}

function takesEverything(match: unknown): boolean {
  return isRecord(match) && /^0+$/.test(text(match, "mask") ?? "");
}

function actions(options: JsonRecord): readonly JsonRecord[] {
  const list = options["actions"];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
