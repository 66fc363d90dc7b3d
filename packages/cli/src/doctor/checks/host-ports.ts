import type { PortRow } from "../../node/rows.ts";
import { about, type Check } from "../check.ts";
import type { Finding } from "../finding.ts";

/** The same host port forwarded to several pods. */
export const hostPorts: Check = {
  name: "host-ports",
  well: "no host port is forwarded twice",
  findings: ({ ports }) =>
    about("host ports", ports, ({ rows, problems }) => [
      ...problems.map((what): Finding => ({ severity: "unknown", what })),
      ...rows.flatMap((row) => losing(row)),
    ]),
};

/** A row that loses says so; the one that wins has nothing to say. */
function losing({ forward, owner, conflicts }: PortRow): Finding[] {
  const worst = conflicts.find(({ outcome }) => outcome !== "wins");
  if (worst === undefined) return [];
  const { other, outcome } = worst;
  const port = `${forward.hostPort}/${forward.protocol} IP${forward.family}`;
  const target = ({ podAddress, podPort }: typeof other) => `${podAddress} port ${podPort}`;
  const said = {
    wins: "",
    loses: `all of it goes to ${target(other)} instead`,
    losesPartly: `what comes to ${other.hostAddress} goes to ${target(other)} instead`,
    mayLose: `${target(other)} is asked first`,
    untold: `${target(other)} has it in ${other.backend}, too, and the kernel asks the table that was made first`,
  }[outcome];
  return [
    {
      severity: "warning",
      what: `host port ${port} is to lead to ${target(forward)}, but ${said}`,
      where:
        owner.pod === undefined
          ? (owner.containerId ?? forward.chain)
          : `${owner.pod.namespace}/${owner.pod.name}`,
      remedy: "give one of the two another hostPort; onConflict: refuse keeps a second one from being made",
    },
  ];
}
