import { isJsonObject, parseJson } from "@cni-chain/core";
import { bunRunner } from "@cni-chain/exec/bun";
import { type NameSaid, nameIn } from "./misnamed.ts";

const budgetMs = 60_000;
const timeoutMs = 20_000;

/** Why an executable does not start as a CNI plugin; undefined if it does. */
export function whyNoPlugin(): (path: string) => Promise<string | undefined> {
  const runner = bunRunner({ env: { CNI_COMMAND: "VERSION" }, budgetMs });
  return async (path) => {
    const result = await runner.run({ file: path, argv: [], stdin: '{"cniVersion":"1.0.0"}', timeoutMs });
    if (result.kind === "notStarted") return result.reason;
    if (result.kind !== "exited") return result.kind === "signalled" ? result.signal : result.kind;
    try {
      const answer = parseJson(result.stdout, "its answer to VERSION");
      if (isJsonObject(answer) && answer["supportedVersions"] !== undefined) return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : undefined;
    }
    return `exit code ${result.exitCode}: ${result.stdout}${result.stderr}`;
  };
}

/** Asks executables for their names, without a command. */
export function nameSaid(): NameSaid {
  const runner = bunRunner({ env: {}, budgetMs });
  return async (path) => {
    const result = await runner.run({ file: path, argv: [], timeoutMs });
    return result.kind === "exited" ? nameIn(result.stderr) : undefined;
  };
}
