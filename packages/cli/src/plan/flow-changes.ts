import { type Command, commandLine } from "@cni-chain/exec";
import type { PlannedChange } from "./change.ts";

/** What would be done by commands that no other port knows: conntrack's deletions of UDP flows, one by one or in a batch. */
export function flowChanges(commands: readonly Command[]): PlannedChange[] {
  return commands.flatMap(({ file, argv, stdin }) => {
    const lines =
      stdin === undefined
        ? [argv]
        : stdin
            .trimEnd()
            .split("\n")
            .map((line) => line.split(" "));
    return lines.map((words): PlannedChange => {
      const value = (option: string) => words[words.indexOf(option) + 1] ?? "";
      const isDeletion = file === "conntrack" && words.includes("-D");
      const what = isDeletion
        ? `${value("-p")} flows to ${value("-d")} port ${value("--orig-port-dst")}`
        : commandLine({ file, argv: words });
      return { action: "remove", kind: "flow", where: "conntrack", what };
    });
  });
}
