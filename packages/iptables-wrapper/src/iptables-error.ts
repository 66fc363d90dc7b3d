import { CommandError, type CommandResult } from "@cni-chain/exec";

/** The result of a process that has come to its end. */
export type Exited = Extract<CommandResult, { kind: "exited" }>;

/** A refused or unfinished call of iptables-restore. */
export class IptablesError extends CommandError {
  override get failure() {
    return this.result.kind === "exited" && isLocked(this.result) ? "tryAgain" : super.failure;
  }
}

/**
 * Exit code 4 is iptables' RESOURCE_PROBLEM: a lock that was not to be had, but also EPERM and what the
 * kernel refuses at commit, so that the text alone tells the one that is worth another try.
 */
export function isLocked({ exitCode, stderr }: Exited): boolean {
  return exitCode === 4 && stderr.includes("xtables lock");
}
