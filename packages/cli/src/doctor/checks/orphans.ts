import { about, type Check } from "../check.ts";

/** Rules and ifbs that are proven nobody's. */
export const orphans: Check = {
  name: "orphans",
  well: "nothing is left of containers that are gone",
  findings: ({ situation, stale }) => [
    ...about("what is left of dead containers", situation, ({ orphanRules, orphanIfbs }) => [
      ...orphanRules.map(({ look, standing, proof }) => ({
        severity: "warning" as const,
        what: `rules of container ${standing.containerId ?? standing.key} for ${portsOf(standing.forwards)} are nobody's: ${proof}`,
        where: `${look.backend} IP${look.family}`,
        remedy: "cni-chain repair",
      })),
      ...orphanIfbs.map(({ ifb, proof }) => ({
        severity: "warning" as const,
        what: `ifb ${ifb} is nobody's: ${proof}`,
        where: ifb,
        remedy: "cni-chain repair",
      })),
    ]),
    ...about("cached attachments", stale, (entries) =>
      entries.map(({ name, network, file, netns }) => ({
        severity: "warning" as const,
        what: `${name} is in the cache, but its network namespace ${netns} is gone: its DEL never came to its end`,
        where: file,
        remedy: `cni-chain gc ${network}`,
      })),
    ),
  ],
};

function portsOf(forwards: readonly { readonly hostPort: number; readonly protocol: string }[]): string {
  return forwards.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`).join(", ");
}
