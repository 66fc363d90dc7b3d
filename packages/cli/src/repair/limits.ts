import { type Loss, lossOf, type Network } from "@cni-chain/bandwidth/restore";
import type { BandwidthCall, Subject } from "./subjects.ts";

/** What is missing of one attachment's limits. */
export interface LimitLook {
  readonly subject: Subject;
  readonly call: BandwidthCall;
  readonly loss: Loss;
}

/** Looks at the limits of these; of one that wants none, or cannot be looked at, nothing comes back. */
export async function lookAtLimits(
  subjects: readonly Subject[],
  network: Network,
  problem: (subject: Subject, text: string) => void,
): Promise<readonly LimitLook[]> {
  const looks: LimitLook[] = [];
  for (const subject of subjects) {
    for (const call of subject.bandwidth) {
      try {
        const loss = await lossOf(call, network);
        if (loss !== undefined) looks.push({ subject, call, loss });
      } catch (error) {
        problem(subject, error instanceof Error ? error.message : String(error));
      }
    }
  }
  return looks;
}
