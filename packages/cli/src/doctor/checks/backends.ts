import type { Forward } from "../../node/forward.ts";
import { about, type Check } from "../check.ts";

/** Rules in a backend, or a variant of iptables, that ADD would not take: it was changed with pods running. */
export const backends: Check = {
  name: "backends",
  well: "all host ports stand in the backend that ADD takes",
  findings: ({ ports, backends: wanted }) =>
    about("rules of portmap", ports, ({ rows }) => {
      const others = Map.groupBy(
        rows.map(({ forward }) => forward).filter(({ backend }) => !wanted.includes(backend)),
        ({ backend }) => backend,
      );
      return [...others].map(([backend, forwards]) => ({
        severity: "warning",
        what: `${count(forwards)} in ${backend}, but ADD takes ${wanted.join(" and ")}: which of them a packet meets depends on the order in which the tables were made`,
        where: backend,
        remedy: "the rules go with their pods; restart those to have them in one place",
      }));
    }),
};

function count(forwards: readonly Forward[]): string {
  const ports = new Set(forwards.map(({ protocol, hostPort }) => `${hostPort}/${protocol}`));
  const some = [...ports].slice(0, 5).join(", ");
  return `${ports.size === 1 ? "host port" : `${ports.size} host ports:`} ${some}${ports.size > 5 ? ", …" : ""}`;
}
