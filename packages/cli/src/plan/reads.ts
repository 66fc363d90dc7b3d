import type { Command } from "@cni-chain/exec";

/**
 * True for a command that is known to change nothing. Everything else counts as a change: a tool that is not known here is
 * never run.
 */
export function isRead({ file, argv, stdin }: Command): boolean {
  const words = argv.filter((word) => !/^-(?:j|d|r|s|a|force|batch)$/.test(word) && word !== "-");
  switch (file) {
    case "nsenter": {
      const [, , inner = "", ...rest] = argv;
      return isRead({ file: inner, argv: rest, ...(stdin === undefined ? {} : { stdin }) });
    }
    case "ip":
      return stdin === undefined ? /^route get /.test(words.join(" ")) : every(stdin, /^(?:link|addr) show /);
    case "tc":
      return stdin === undefined ? words[1] === "show" : every(stdin, /^(?:qdisc|filter) show /);
    case "nft":
      return words[0] === "list";
    case "conntrack":
      return words[0] === "-L";
    default:
      return (
        /^ip6?tables(?:-nft|-legacy)?-restore$/.test(file) &&
        every(stdin ?? "", /^(?:\*\w+|-S(?: \S+)?|COMMIT)$/)
      );
  }
}

function every(stdin: string, line: RegExp): boolean {
  return stdin
    .split("\n")
    .filter((text) => text !== "")
    .every((text) => line.test(text));
}
