import { about, type Check, parted } from "../check.ts";
import type { PluginStatus } from "../facts.ts";
import type { Finding } from "../finding.ts";

const isSysctl = (text: string) => text.startsWith("sysctl ");
const isForward = (text: string) => text.includes(" has policy DROP ");

/** What each plugin's own STATUS says is missing for an ADD: tools, capabilities, kernel features. */
export const readiness: Check = {
  name: "readiness",
  well: "every plugin says it is ready for the next pod",
  findings: ({ statuses }) =>
    about("STATUS of the plugins", statuses, (all) => [
      ...each(all, "broken", ({ missing }) => missing.filter((text) => !isSysctl(text) && !isForward(text))),
      ...each(all, "warning", ({ warnings }) =>
        warnings.filter((text) => !isSysctl(text) && !isForward(text) && !text.startsWith("conntrack")),
      ),
    ]),
};

/** Settings without which host ports are not reached: forwarding, and bridged packets past the rules. */
export const sysctls: Check = {
  name: "sysctls",
  well: "packets are forwarded, and bridged ones see the node's rules",
  findings: ({ statuses }) => about("sysctls", statuses, (all) => each(all, "warning", both(isSysctl))),
};

/** Chains at hook forward that drop what opens a connection to a host port. */
export const forwardPolicy: Check = {
  name: "forward-policy",
  well: "no chain drops what is forwarded to pods",
  findings: ({ statuses }) =>
    about("the FORWARD policy", statuses, (all) => each(all, "broken", both(isForward))),
};

const both =
  (isMeant: (text: string) => boolean) =>
  ({ missing, warnings }: PluginStatus) =>
    [...missing, ...warnings].filter(isMeant);

/** The same sentence about several networks is one finding. */
function each(
  all: readonly PluginStatus[],
  severity: Finding["severity"],
  textsOf: (status: PluginStatus) => readonly string[],
): Finding[] {
  const networks = new Map<string, Set<string>>();
  for (const status of all) {
    for (const text of textsOf(status)) {
      const where =
        status.network === undefined ? status.plugin : `${status.plugin} of network ${status.network}`;
      networks.set(text, (networks.get(text) ?? new Set()).add(where));
    }
  }
  return [...networks].map(([text, places]) => ({
    ...parted(severity, text),
    where: [...places].join(", "),
  }));
}
