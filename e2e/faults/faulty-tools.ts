import type { Node } from "../lib/node.ts";
import { type IptablesVariant, searchPath } from "../lib/tools.ts";

/** What the tool, or the plugin that started it, goes through at the n-th call of any tool. */
export const faults = [
  "tool fails",
  "tool hangs",
  "tool is killed",
  "tool prints rubbish",
  "plugin gets SIGKILL before a tool's work",
  "plugin gets SIGKILL after a tool's work",
  "plugin gets SIGTERM before a tool's work",
  "plugin gets SIGTERM after a tool's work",
] as const;

export type Fault = (typeof faults)[number];

/** All that portmap may start. */
const tools = [
  ...["iptables", "ip6tables"].flatMap((tool) =>
    ["", "-nft", "-legacy"].map((variant) => `${tool}${variant}-restore`),
  ),
  ...["nft", "conntrack", "ip", "nsenter"],
];

/** One script under all names. Where a link to it leads tells the variant, as with the real tools. */
const script = (variant: IptablesVariant) => `#!/bin/sh
tool=\${0##*/}
n=1
until (set -C; echo "$tool $*" >/run/fault/calls/$n) 2>/dev/null; do n=$((n + 1)); done
read -r at fault </run/fault/plan
case $tool in
  iptables-restore|ip6tables-restore) real=\${tool%-restore}-${variant}-restore ;;
  *) real=$tool ;;
esac
PATH=${searchPath}
[ "$n" = "$at" ] || exec "$real" "$@"
echo "$tool" >/run/fault/fired
case $fault in
  'tool fails') echo 'deliberate fault' >&2; exit 3 ;;
  'tool hangs') sleep 4711 ;;
  'tool is killed') kill -KILL $$ ;;
  'tool prints rubbish') printf '%%&/(=?\\n-A "\\n{]\\n'; exit 0 ;;
  *KILL\\ before*) kill -KILL $PPID; exec "$real" "$@" ;;
  *KILL\\ after*) "$real" "$@"; kill -KILL $PPID; exit 0 ;;
  *TERM\\ before*) kill -TERM $PPID; sleep 4711 ;;
  *TERM\\ after*) "$real" "$@"; kill -TERM $PPID; sleep 4711 ;;
esac
`;

/** Tools of a node that misbehave when they are told to, and else do their work. */
export class FaultyTools {
  /** PATH with these tools in front. */
  readonly path = `/run/fault/bin:${searchPath}`;
  readonly #node: Node;

  private constructor(node: Node) {
    this.#node = node;
  }

  static async install(node: Node, variant: IptablesVariant): Promise<FaultyTools> {
    const links = tools.map((tool) => {
      const kind = /-(nft|legacy)-/.exec(tool)?.[1] ?? variant;
      return `ln -s ../xtables-${kind}-multi /run/fault/bin/${tool}`;
    });
    const setUp = [
      "mkdir -p /run/fault/bin /run/fault/calls",
      "tee /run/fault/xtables-nft-multi >/run/fault/xtables-legacy-multi",
      "chmod +x /run/fault/xtables-*",
      "echo 0 none >/run/fault/plan",
      ...links,
    ];
    await node.run(["sh", "-ec", setUp.join("\n")], { stdin: script(variant) });
    return new FaultyTools(node);
  }

  /** From now on calls are counted anew, and the n-th goes wrong; with 0 none does. */
  async arm(n: number, fault: Fault | "none"): Promise<void> {
    const reset = `rm -rf /run/fault/calls /run/fault/fired; mkdir /run/fault/calls; echo "${n} ${fault}" >/run/fault/plan`;
    await this.#node.run(["sh", "-ec", reset]);
  }

  /** How many calls there have been, and which tool went wrong, if any has. */
  async told(): Promise<{ readonly calls: number; readonly fired: string | undefined }> {
    const text = await this.#node.run([
      "sh",
      "-c",
      "ls /run/fault/calls | wc -l; cat /run/fault/fired 2>/dev/null; true",
    ]);
    const [calls, fired] = text.split("\n");
    return { calls: Number(calls), fired: fired === "" ? undefined : fired };
  }

  /** A PATH on which one tool is missing, and its variants with it. */
  async without(tool: string): Promise<string> {
    const folder = `/run/fault/without-${tool}`;
    const links = tools
      .filter((name) => !name.startsWith(tool.replace("-restore", "")))
      .map((name) => `ln -sf $(readlink -f /run/fault/bin/${name}) ${folder}/${name}`);
    await this.#node.run(["sh", "-ec", [`mkdir -p ${folder}`, ...links].join("\n")]);
    return folder;
  }
}
