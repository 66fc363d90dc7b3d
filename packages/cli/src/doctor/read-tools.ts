import type { Runner } from "@cni-chain/exec";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import type { Tool } from "./facts.ts";

/** Every tool that a plugin may start, and how it is asked for its version. */
const asked: readonly (readonly [name: string, flag: string])[] = [
  ["iptables-restore", "--version"],
  ["ip6tables-restore", "--version"],
  ["iptables-nft", "--version"],
  ["iptables-legacy", "--version"],
  ["nft", "--version"],
  ["ip", "-V"],
  ["tc", "-V"],
  ["conntrack", "--version"],
];

/** Looks for the tools on PATH, and asks those that are there for their versions. */
export function readTools(runner: Runner, path: string): Promise<readonly Tool[]> {
  return Promise.all(
    asked.map(async ([name, flag]) => {
      const found = findTool(nodeFiles, name, path);
      if (found.kind !== "onPath") return { name, directory: undefined, version: "" };
      const result = await runner.run({ file: name, argv: [flag], timeoutMs: 5000 });
      const said = result.kind === "exited" ? `${result.stdout}\n${result.stderr}` : "";
      return { name, directory: found.directory, version: said.trim().split("\n")[0]?.trim() ?? "" };
    }),
  );
}
