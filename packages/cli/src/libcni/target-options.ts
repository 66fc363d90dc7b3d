import { identifierRule, ifnameRule, isIdentifier, isIfname } from "@cni-chain/core";
import type { Argv } from "yargs";
import { UsageError } from "../failure.ts";
import { optionValue } from "../option-value.ts";
import { sandboxPath } from "./sandbox.ts";

const group = "Which container:";

/** Adds the options that say which attachment is meant. */
export function targetOptions<T>(yargs: Argv<T>) {
  return yargs
    .option("netns", { type: "string", describe: "path of its network namespace", group })
    .option("pid", { type: "number", describe: "a process that lives in it", group })
    .option("sandbox", {
      type: "string",
      describe: "a namespace of its own, made at add, gone after del",
      group,
    })
    .option("ifname", { type: "string", describe: "its interface (default: eth0)", group })
    .option("id", { type: "string", describe: "container ID", group });
}

export interface TargetWords {
  readonly netns?: string | undefined;
  readonly pid?: number | undefined;
  readonly sandbox?: string | undefined;
  readonly ifname?: string | undefined;
  readonly id?: string | undefined;
}

/** Path of the network namespace the options mean; undefined where they say nothing. Throws UsageError. */
export function netnsOf({ netns, pid, sandbox }: TargetWords): string | undefined {
  const given = [netns, pid, sandbox].filter((one) => one !== undefined);
  if (given.length > 1) throw new UsageError("of --netns, --pid and --sandbox one is enough");
  if (netns === "") throw new UsageError("--netns is empty");
  if (sandbox !== undefined) return sandboxPath(sandbox);
  if (pid === undefined) return netns;
  if (!Number.isInteger(pid) || pid < 1)
    throw new UsageError(`${optionValue("--pid", pid)}: give the number of a process`);
  return `/proc/${pid}/ns/net`;
}

/** Throws UsageError for names that libcni refuses. */
export function checkNames({ ifname, id }: TargetWords): void {
  if (id !== undefined && !isIdentifier(id)) throw new UsageError(`--id ${id}: allowed is ${identifierRule}`);
  if (ifname !== undefined && !isIfname(ifname)) {
    throw new UsageError(`--ifname ${ifname}: allowed is ${ifnameRule}`);
  }
}
