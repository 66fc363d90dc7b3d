import type { Check } from "../check.ts";
import type { Tool } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** What works without each of these, and what does not. */
const wants: Readonly<Record<string, string>> = {
  conntrack:
    "UDP clients of a host port's last owner keep being sent there; install conntrack (conntrack-tools)",
  ip: "the plugins' fallback, where netlink cannot be spoken, is missing; install iproute2",
  tc: "limits cannot be set where netlink cannot be spoken; install iproute2",
};

/** Command-line tools that the plugins start, and their versions. */
export const tools: Check = {
  name: "tools",
  well: "iptables or nft, ip, tc and conntrack are there",
  findings: ({ tools: all }) => {
    const isThere = (name: string) => all.some((tool) => tool.name === name && tool.directory !== undefined);
    const rules: Finding[] =
      isThere("iptables-restore") || isThere("nft")
        ? []
        : [
            {
              severity: "broken",
              what: "there is neither iptables nor nft: no host port can be forwarded",
              remedy: "install iptables or nftables",
            },
          ];
    const half: Finding[] =
      isThere("iptables-restore") && !isThere("ip6tables-restore")
        ? [
            {
              severity: "warning",
              what: "ip6tables is missing: IPv6 host ports cannot be forwarded by iptables",
              where: "ip6tables-restore",
            },
          ]
        : [];
    const others = Object.entries(wants).flatMap(([name, text]): Finding[] => {
      if (isThere(name)) return [];
      const [what = "", remedy = ""] = text.split("; ");
      return [{ severity: "warning", what: `${name} is not on PATH: ${what}`, where: name, remedy }];
    });
    return [...rules, ...half, ...others];
  },
};

/** `iptables v1.8.9 (nf_tables)`, one a tool that is there. */
export function versionsText(all: readonly Tool[]): string {
  return all
    .filter(({ directory }) => directory !== undefined)
    .map(({ name, version }) => (version === "" ? name : version))
    .join(", ");
}
