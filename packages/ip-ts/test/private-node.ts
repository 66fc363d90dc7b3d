import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Runner } from "@cni-chain/exec";
import { execaRunner } from "@cni-chain/exec/execa";

/** Private mounts and links. The first process ends with its standard input, so also when the tests die. */
const script =
  "mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up && echo ready && exec cat";

export interface PrivateNode extends AsyncDisposable {
  /** Every command runs inside. */
  readonly runner: Runner;
  /** Commands as given to the runner, in their order. */
  readonly ran: string[];
  /** Runs a line of words; gives standard output; throws when it fails. */
  run(line: string): Promise<string>;
  /** Path, as this process sees it, of a namespace of `ip netns add`. */
  netns(name: string): string;
}

/** Links, rules and mounts of its own for a test. Needs root. */
export async function privateNode(): Promise<PrivateNode> {
  const holder = spawn("unshare", ["--mount", "--net", "sh", "-ec", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(holder.stdout), "line");
  if (line !== "ready") throw new Error(`no private namespaces: ${line}`);
  const { pid } = holder;
  const prefix = ["-t", String(pid), "--mount", "--net", "--"];
  const outside = execaRunner();
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
      const [file = "", ...argv] = line.split(" ");
      const result = await outside.run({ file: "nsenter", argv: [...prefix, file, ...argv] });
      if (result.kind === "exited" && result.exitCode === 0) return result.stdout;
      throw new Error(`${line}: ${JSON.stringify(result)}`);
    },
    netns: (name) => `/proc/${pid}/root/run/netns/${name}`,
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await once(holder, "exit");
    },
  };
}
