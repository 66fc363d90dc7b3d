import { about, type Check } from "../check.ts";
import type { Finding } from "../finding.ts";

/** CHECK of every cached attachment whose namespace stands, by the plugins' own code. */
export const attachments: Check = {
  name: "attachments",
  well: "every attachment of the cache is as ADD left it",
  findings: ({ attachments: known, cacheProblems }) => [
    ...about("cached attachments", known, (all) =>
      all.flatMap(({ name, plugin, differences, problem, isLost }): Finding[] => [
        ...(problem === undefined
          ? []
          : [
              {
                severity: "unknown" as const,
                what: `${plugin} could not be checked: ${problem}`,
                where: name,
                ...(isLost === true ? { remedy: "remove the pod and let its runtime make it anew" } : {}),
              },
            ]),
        ...differences.map((text): Finding => {
          const isTaken = /whose (?:entry|rule) stands first$/.test(text);
          // The reference plugin makes none: the ports work without it.
          const isGuard = /CNI-HOSTPORT-LOCAL|loopback_guard/.test(text);
          return {
            severity: isTaken || isGuard ? "warning" : "broken",
            what: text,
            where: name,
            remedy: isTaken ? "give one of the two another hostPort" : remedyFor(text),
          };
        }),
      ]),
    ),
    ...about("libcni's cache", cacheProblems, (all) =>
      all.map(({ file, message }) => ({
        severity: "unknown" as const,
        what: `the entry cannot be read: ${message}`,
        where: file,
        remedy: `remove the container and make it anew; where it is gone: rm '${file}'`,
      })),
    ),
  ],
};

/** A rule of somebody else's is left alone by repair. */
function remedyFor(difference: string): string {
  return /is not reached, rule \d+ ends every packet's way/.test(difference)
    ? "move that rule behind the jump, or narrow it"
    : "cni-chain repair";
}
