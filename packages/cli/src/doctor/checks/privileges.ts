import type { Check } from "../check.ts";

/** Without them the kernel shows neither rules nor namespaces. */
export const privileges: Check = {
  name: "privileges",
  well: "CAP_NET_ADMIN and CAP_SYS_ADMIN are there",
  findings: ({ lacking }) =>
    lacking.map((capability) => ({
      severity: "unknown",
      what: `${capability} is missing: the kernel shows rules, qdiscs and namespaces only with it`,
      where: capability,
      remedy: "run as root: sudo cni-chain doctor",
    })),
};
