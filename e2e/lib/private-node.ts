import type { Runner } from "@cni-chain/exec";
import { bunRunner } from "@cni-chain/exec/bun";
import { Service } from "./process.ts";

/** Private mounts and links. The first process ends with its standard input, so also when the tests die. */
const script =
  "mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up && echo ready && exec cat";

/** Longer than any suite takes. */
const budgetMs = 600_000;

export interface PrivateNode extends AsyncDisposable {
  /** Every command runs inside. */
  readonly runner: Runner;
  /** Commands as given to the runner, in their order. */
  readonly ran: string[];
  /** Runs a line of words, or the words themselves; gives standard output; throws when it fails. */
  run(line: string | readonly string[]): Promise<string>;
  /** Path, as this process sees it, of a namespace of `ip netns add`. */
  netns(name: string): string;
}

/**
 * Links, rules and mounts of its own, for tests of code that runs in the test's own process and starts tools
 * inside: paths mean the same on both sides, which a Node's do not. Needs root.
 */
export async function privateNode(): Promise<PrivateNode> {
  const env = { PATH: process.env["PATH"] };
  const holder = new Service(["unshare", "--mount", "--net", "sh", "-ec", script], env);
  await holder.ready();
  const { pid } = holder;
  // Root and working directory are taken along: in a chroot, the mount namespace's own root is another one.
  const prefix = ["-t", String(pid), "--mount", "--net", "--root", "--wd", "--"];
  const outside = bunRunner({ env: process.env, budgetMs });
  const ran: string[] = [];
  const runner: Runner = {
    run(command) {
      ran.push([command.file, ...command.argv].join(" "));
      return outside.run({ ...command, file: "nsenter", argv: [...prefix, command.file, ...command.argv] });
    },
  };
  return {
    runner,
    ran,
    async run(line) {
      const [file = "", ...argv] = typeof line === "string" ? line.split(" ") : line;
      const result = await outside.run({ file: "nsenter", argv: [...prefix, file, ...argv] });
      if (result.kind === "exited" && result.exitCode === 0) return result.stdout;
      throw new Error(`${line}: ${JSON.stringify(result)}`);
    },
    netns: (name) => `/proc/${pid}/root/run/netns/${name}`,
    [Symbol.asyncDispose]: () => holder.stop(),
  };
}
