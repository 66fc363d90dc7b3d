import { throwAll } from "@cni-chain/core";
import type { Family } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import type { Forward } from "./forwards.ts";
import type { LeftBehind } from "./left-behind.ts";

type Forwards = Promise<readonly Forward[]>;

/** A backend that also removes what another one holds of the same containers. */
export function clearingOther(main: Backend, leftBehind: LeftBehind): Backend {
  return {
    ...main,
    async add(request) {
      const { attachment, destination } = request;
      const [added, other] = await Promise.allSettled([main.add(request), leftBehind(destination.family)]);
      throwAll(reasons([added, other]));
      if (other.status === "rejected" || other.value === undefined) return;
      const removed = await other.value.remove(attachment, destination.family);
      // With its last rules the other one may have closed route_localnet.
      if (removed.length > 0) await main.add(request);
    },
    remove: (attachment, family) => inBoth(family, (backend) => backend.remove(attachment, family)),
    collect: (network, valid, family) => inBoth(family, (backend) => backend.collect(network, valid, family)),
  };

  async function inBoth(family: Family, remove: (backend: Backend) => Forwards): Forwards {
    const fromOther = async () => {
      const other = await leftBehind(family);
      return other === undefined ? [] : remove(other);
    };
    const outcomes = await Promise.allSettled([remove(main), fromOther()]);
    throwAll(reasons(outcomes));
    return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
  }
}

function reasons(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
}
