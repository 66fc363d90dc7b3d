import type { Filter } from "./qdisc.ts";

/** Reads `tc filter show dev … ingress` as people see it. Heads and hash tables are left out, as in parseFilters. */
export function parseFilterText(output: string): readonly Filter[] {
  return output
    .split(/^filter /m)
    .slice(1)
    .flatMap((entry) => {
      const [, protocol, preference, type] = /^.*?protocol (\S+) pref (\d+) (\w+)/.exec(entry) ?? [];
      if (protocol === undefined || type === undefined) {
        throw new SyntaxError(`not a filter of tc: ${entry.slice(0, 80)}`);
      }
      const [first = ""] = entry.split("\n");
      const isHead = new RegExp(`pref \\d+ ${type}( chain \\d+)?\\s*$`).test(first);
      if (isHead || / ht divisor \d/.test(first)) return [];
      return [filter(entry, protocol, Number(preference), type)];
    });
}

function filter(entry: string, protocol: string, preference: number, type: string): Filter {
  const [, handle] = / fh (\S+)/.exec(entry) ?? [];
  const [, target] = /mirred \(Egress Redirect to device (\S+?)\)/.exec(entry) ?? [];
  if (type !== "u32" || handle === undefined || target === undefined) {
    return { kind: "other", type, preference, protocol };
  }
  return {
    kind: "redirect",
    preference,
    protocol,
    handle,
    matchAll: /match 0{8}\/0{8} at 0/.test(entry),
    target: target === "*" ? undefined : target,
  };
}
