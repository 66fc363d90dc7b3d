import { join } from "node:path";
import type { Place } from "./place.ts";

/** What became of the requests: full rounds over all targets, and every request without its answer. */
export interface Asked {
  readonly rounds: number;
  readonly lost: readonly string[];
}

export interface Target {
  /** The server that should answer. */
  readonly server: string;
  readonly url: string;
}

/** Asks the targets from somewhere without pause; they have all been asked once when this returns. */
export async function keepAsking(
  from: Place,
  targets: readonly Target[],
): Promise<{ stop(): Promise<Asked> }> {
  const agent = join(import.meta.dirname, "agents", "asker.ts");
  const args = targets.flatMap(({ server, url }) => [server, url]);
  const service = from.start([process.execPath, agent, ...args]);
  await service.ready();
  return {
    async stop() {
      await service.stop();
      const told = await service.line();
      if (told === undefined) throw new Error("the asker ended without telling");
      return JSON.parse(told);
    },
  };
}
