/** Where ours is meant to differ from Debian's 1.1.1. Everything else that differs is a mistake. */
export interface KnownDifference {
  readonly because: string;
  /** A line of compareStates. */
  readonly line: RegExp;
  /** A line of our CHECK of what the reference has added. */
  readonly check?: RegExp;
}

const knownDifferences = {
  guard: {
    because:
      "route_localnet lets a neighbour reach what listens on the node's 127.0.0.1; the reference has no guard (P#729)",
    line: /^ours: iptables raw (PREROUTING|CNI-HOSTPORT-LOCAL): /,
    check: /^iptables raw: /,
  },
  order: {
    because: "the newest container's entry stands first, so that a leaked one cannot hold its port (P#1267)",
    line: /^order: ip6?tables nat CNI-HOSTPORT-DNAT$/,
  },
  ip6Check: {
    because:
      "the reference asks before it appends, and ip6tables-legacy 1.8.9 takes another port's rule for the one asked for",
    line: /^ours: ip6tables nat CNI-(DN-\w+|HOSTPORT-DNAT): /,
    check: /^ip6tables nat: rule is missing: -A CNI-(DN-\w+|HOSTPORT-DNAT) /,
  },
  masqAll: {
    because: "masqAll came after 1.1.1, which masquerades the pod's own subnet and 127.0.0.1 instead",
    line: /^(ours|reference): ip6?tables nat CNI-DN-\w+: .*CNI-HOSTPORT-SETMARK/,
    check: /^ip6?tables nat: .*CNI-HOSTPORT-SETMARK/,
  },
  owner: {
    because: "the ifb's ifalias leads back to the pod",
    line: /^ours: aliases: bwp\w+: cni-chain host=/,
  },
  secondAction: {
    because: "the reference's filter has a second mirred action behind the first, which no packet reaches",
    line: /^reference: filters \w+: action order 2: mirred .* pass$/,
  },
  ipVersion: {
    because: "up to 0.4.0 the specification wants ips[].version, which the reference leaves out",
    line: /^ours: loopback result: ips\[\d\]\.version = "[46]"$/,
  },
} as const satisfies Readonly<Record<string, KnownDifference>>;

export type KnownName = keyof typeof knownDifferences;

/** Sorts lines into those that are known, by name, and those that nobody has explained. */
export function explain(
  lines: readonly string[],
  pattern: (known: KnownDifference) => RegExp | undefined,
  allowed: readonly KnownName[],
): { readonly seen: readonly KnownName[]; readonly unexplained: readonly string[] } {
  const matches = (line: string, name: KnownName) => pattern(knownDifferences[name])?.test(line) === true;
  return {
    seen: allowed.filter((name) => lines.some((line) => matches(line, name))),
    unexplained: lines.filter((line) => !allowed.some((name) => matches(line, name))),
  };
}

/** The reason of each, for a person who reads the run's output. */
export function reasons(names: Iterable<KnownName>): string {
  return [...new Set(names)].map((name) => `${name}: ${knownDifferences[name].because}`).join("\n");
}
