import {
  type BackendName,
  backendNameFor,
  type Look,
  type Request,
  type Restorer,
  requestsFor,
  restorerIn,
} from "@cni-chain/portmap/restore";
import type { Host } from "@cni-chain/portmap/tools";
import type { Subject } from "./subjects.ts";

type Family = "v4" | "v6";

/** The rules of one backend and family: what should be there, and what is. */
export interface RuleLook {
  readonly backend: BackendName;
  readonly family: Family;
  readonly restorer: Restorer;
  /** The newest first; `look.presence` is in the same order. */
  readonly wanted: readonly Wanted[];
  readonly look: Look;
}

interface Wanted {
  readonly subject: Subject;
  readonly request: Request;
}

/** Looks at every backend and family in which one of these has ports, or which may hold rules of somebody gone. */
export async function lookAtRules(
  subjects: readonly Subject[],
  host: Host,
  problem: (text: string) => void,
): Promise<readonly RuleLook[]> {
  const families: readonly Family[] = host.kernel.hasIpv6() ? ["v4", "v6"] : ["v4"];
  const newestFirst = subjects.toSorted(
    ({ attachment: a }, { attachment: b }) => b.modifiedMs - a.modifiedMs || (a.file < b.file ? 1 : -1),
  );
  const wanted = newestFirst.flatMap((subject) =>
    subject.portmap.flatMap((call) => {
      const backend = backendNameFor(call.config, host);
      return requestsFor(call, host).map((request) => ({ subject, request, backend }));
    }),
  );
  const looks: RuleLook[] = [];
  for (const backend of ["iptables", "nftables"] as const) {
    const restorer = restorerIn(backend, host);
    for (const family of families) {
      const own = wanted.filter(
        (one) => one.backend === backend && one.request.destination.family === family,
      );
      try {
        if (own.length === 0 && !(await restorer.mayHold(family))) continue;
        const look = await restorer.look(
          family,
          own.map(({ request }) => request),
        );
        looks.push({ backend, family, restorer, wanted: own, look });
      } catch (error) {
        problem(`${backend} ${family}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  return looks;
}
