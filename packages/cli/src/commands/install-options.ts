import { dirname } from "node:path";
import type { Argv } from "yargs";
import { UsageError } from "../failure.ts";
import type { InstallOptions } from "../install/run.ts";

/** Adds the options that say what is installed, from where and to where. */
export function installOptions<T>(yargs: Argv<T>) {
  return yargs
    .option("bin-dir", {
      type: "string",
      default: "/opt/cni/bin",
      describe: "where the runtime looks for plugins",
    })
    .option("from", { type: "string", describe: "where the new ones lie; default: beside cni-chain" })
    .option("conflist", { type: "string", describe: "a chain to append to" })
    .option("append", { type: "string", describe: "portmap, bandwidth, or both with a comma" });
}

interface InstallWords {
  readonly binDir: string;
  readonly from?: string | undefined;
  readonly conflist?: string | undefined;
  readonly append?: string | undefined;
}

/** What the options mean. Throws UsageError. */
export async function readInstall(
  { binDir, from, conflist, append }: InstallWords,
  types: readonly string[],
  dryRun: boolean,
): Promise<InstallOptions> {
  if ((conflist === undefined) !== (append === undefined)) {
    throw new UsageError("--conflist and --append go together");
  }
  const { readAppend } = await import("../install/run.ts");
  const confList =
    conflist === undefined || append === undefined
      ? {}
      : { confList: { file: conflist, types: readAppend(append) } };
  return { types, binDir, from: from ?? dirname(process.execPath), ...confList, dryRun };
}
