import { throwAll } from "@cni-chain/core";
import type { Family } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import type { Forward } from "./forwards.ts";
import type { LeftBehind } from "./left-behind.ts";

type Forwards = Promise<readonly Forward[]>;

/** A backend that, where it removes, also removes what another one holds of the same containers. */
export function clearingOther(main: Backend, leftBehind: LeftBehind): Backend {
  return {
    ...main,
    remove: (attachment, family, hints) =>
      inBoth(attachment.network, family, (backend) => backend.remove(attachment, family, hints)),
    collect: (network, valid, family) =>
      inBoth(network, family, (backend) => backend.collect(network, valid, family)),
  };

  async function inBoth(network: string, family: Family, remove: (backend: Backend) => Forwards): Forwards {
    const fromOther = async () => {
      const other = await leftBehind(family);
      return { other, removed: other === undefined ? [] : await remove(other) };
    };
    const [own, others] = await Promise.allSettled([remove(main), fromOther()]);
    throwAll(reasons([own, others]));
    if (own.status === "rejected" || others.status === "rejected") return [];
    const { other, removed } = others.value;
    const all = [...own.value, ...removed];
    // Either may have opened 127.0.0.1 for a container of the other, and waited for it to go.
    if (other !== undefined && family === "v4") {
      if (removed.length > 0) await main.release(network, all);
      await other.release(network, all);
    }
    return all;
  }
}

function reasons(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
}
