import { type Command, commandLine } from "@cni-chain/exec";

/** The commands as a shell script that stops at the first one that fails. */
export function shellScript(commands: readonly Command[], title: string): string {
  const head = [
    "#!/bin/sh",
    ...title.split("\n").map((line) => `# ${line.replace(/\p{Cc}/gu, " ")}`),
    "set -e",
  ];
  return `${[...head, ...commands.map(scriptLines)].join("\n")}\n`;
}

function scriptLines(command: Command): string {
  const { stdin } = command;
  if (stdin === undefined) return commandLine(command);
  const isWrite = command.file === "tee" && command.argv.length === 1;
  const line = isWrite
    ? `cat >${commandLine({ file: command.argv[0] ?? "", argv: [] })}`
    : commandLine(command);
  let end = "END";
  while (stdin.split("\n").includes(end)) end += "_";
  return `${line} <<'${end}'\n${stdin.replace(/\n?$/, "\n")}${end}`;
}
