import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { netnsState } from "@cni-chain/ip-ts";
import type { Standing } from "@cni-chain/portmap/restore";
import type { Cache, CachedAttachment } from "../libcni/cache.ts";
import type { Scope } from "./alarm.ts";
import { type OrphanIfb, orphanIfbs } from "./ifbs.ts";
import { type LimitLook, lookAtLimits } from "./limits.ts";
import { addressesOfAllNamespaces } from "./netns-addresses.ts";
import type { NodePorts } from "./node-ports.ts";
import { type Evidence, type NetnsStanding, verdictOn } from "./orphans.ts";
import { lookAtRules, type RuleLook } from "./rules.ts";
import { type Subject, subjectOf } from "./subjects.ts";

/** Rules that are proven nobody's. */
export interface OrphanRules {
  readonly look: RuleLook;
  readonly standing: Standing;
  readonly proof: string;
}

/** What libcni's cache says should be on the node, and what is. */
export interface Situation {
  /** Attachments whose namespace stands. */
  readonly living: readonly Subject[];
  readonly rules: readonly RuleLook[];
  readonly limits: readonly LimitLook[];
  readonly orphanRules: readonly OrphanRules[];
  readonly orphanIfbs: readonly OrphanIfb[];
  /** Devices by which packets from 127.0.0.1 go to containers. */
  readonly devices: readonly string[];
  /** What could not be looked at. */
  readonly problems: readonly string[];
}

/** Compares the cache with the node; changes nothing. */
export async function lookAround(
  { host, network }: NodePorts,
  cache: Cache,
  warn: (text: string) => void,
  scope: Scope = { rules: true, limits: true },
): Promise<Situation> {
  const problems = cache.problems.map(({ file, message }) => `${file}: ${message}`);
  const evidence = evidenceOf(cache.attachments, () => addressesOfAllNamespaces(host.netlink));
  const living = cache.attachments
    .filter((attachment) => evidence.netnsOf(attachment) === "present")
    .map((attachment) => subjectOf(attachment, warn));
  for (const subject of living)
    for (const text of subject.problems) problems.push(`${nameOf(subject)}: ${text}`);
  const [rules, limits] = await Promise.all([
    scope.rules ? lookAtRules(living, host, (text) => problems.push(text)) : [],
    scope.limits
      ? lookAtLimits(living, network, (subject, text) => problems.push(`${nameOf(subject)}: ${text}`))
      : [],
  ]);
  let ifbs: readonly OrphanIfb[] = [];
  try {
    if (scope.limits) ifbs = await orphanIfbs(network, evidence);
  } catch (error) {
    problems.push(`ifbs: ${error instanceof Error ? error.message : String(error)}`);
  }
  const orphanRules = rules.flatMap((look) =>
    look.look.standing.flatMap((standing) => {
      const verdict = verdictOn(standing, evidence);
      return verdict.kind === "orphan" ? [{ look, standing, proof: verdict.proof }] : [];
    }),
  );
  const devices = await Promise.all(
    rules.flatMap(({ wanted }) => wanted.map(({ request }) => request.loopbackDevice)),
  );
  return {
    living,
    rules,
    limits,
    orphanRules,
    orphanIfbs: ifbs,
    devices: [...new Set(devices.filter((device) => device !== undefined))],
    problems,
  };
}

/** The evidence of this node. Namespaces are looked at once, and into all of them only if somebody asks. */
export function evidenceOf(
  attachments: readonly CachedAttachment[],
  allAddresses: () => ReadonlySet<string> | undefined,
): Evidence {
  const standings = new Map<string, NetnsStanding>();
  let known: { readonly addresses: ReadonlySet<string> | undefined } | undefined;
  return {
    attachments,
    netnsOf({ netns = "" }) {
      const standing = standings.get(netns) ?? netnsStanding(netns);
      standings.set(netns, standing);
      return standing;
    },
    isNowhere(address) {
      known ??= { addresses: allAddresses() };
      return known.addresses === undefined ? undefined : !known.addresses.has(address);
    },
  };
}

/** Where the directory is missing, nothing proves that it is on the node: a container sees what is mounted into it. */
function netnsStanding(path: string): NetnsStanding {
  if (path === "") return "unknown";
  try {
    if (netnsState(path) === "present") return "present";
    return path.startsWith("/proc/") || existsSync(dirname(path)) ? "gone" : "unknown";
  } catch {
    return "unknown";
  }
}

/** `net/4f2a.../eth0`, or the pod where the runtime told it. */
export function nameOf({
  attachment: { network, containerId, ifname, cniArgs },
}: Pick<Subject, "attachment">): string {
  const args = new Map(cniArgs);
  const [namespace, pod] = [args.get("K8S_POD_NAMESPACE"), args.get("K8S_POD_NAME")];
  const own = `${network} ${containerId} ${ifname}`;
  return namespace === undefined || pod === undefined ? own : `${namespace}/${pod} (${own})`;
}

/** The settings that open the way from 127.0.0.1 to the containers of a look. */
export function loopbackFiles({ devices }: Situation): readonly string[] {
  return devices.map((device) => `/proc/sys/net/ipv4/conf/${device}/route_localnet`);
}
