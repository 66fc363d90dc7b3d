import type { Command, Runner } from "@cni-chain/exec";
import { isRead } from "./reads.ts";

/** Runs what only reads; all else is noted, and answered as if it had been done. */
export function dryRunner(runner: Runner, note: (command: Command) => void): Runner {
  return {
    async run(command) {
      if (isRead(command)) return runner.run(command);
      note(command);
      return { kind: "exited", exitCode: 0, stdout: "", stderr: "" };
    },
  };
}
