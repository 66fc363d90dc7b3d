import type { Node } from "../lib/node.ts";

/** System calls by which a plugin speaks to the kernel's network in its own process. */
const calls = ["write", "read", "socket", "setns"] as const;

/** One of these calls, the n-th of its kind in the process. */
export interface Step {
  readonly call: (typeof calls)[number];
  readonly n: number;
  /** What it was called with, as strace writes it. */
  readonly text: string;
}

/** Has strace write down the calls. With seccomp, so that others cost nothing. */
export const noting = [
  "strace",
  "-f",
  "-yy",
  "--seccomp-bpf",
  "-e",
  `trace=${calls.join(",")}`,
  "-o",
  "/run/steps",
];

/** The calls that were noted, as far as netlink is concerned. What an engine does beside, on other files, is left out. */
export async function notedSteps(node: Node): Promise<readonly Step[]> {
  const lines = (await node.run(["cat", "/run/steps"])).split("\n");
  const main = lines[0]?.split(/\s+/)[0] ?? "";
  const counted = new Map<string, number>();
  return lines.flatMap((line): readonly Step[] => {
    const [, pid, name, rest = ""] = /^(\d+)\s+(\w+)\((.*)/.exec(line) ?? [];
    const call = calls.find((known) => known === name);
    if (pid !== main || call === undefined) return [];
    const n = (counted.get(call) ?? 0) + 1;
    counted.set(call, n);
    return call === "setns" || /NETLINK/.test(rest) ? [{ call, n, text: rest }] : [];
  });
}

/** The error that a step ends with; one that such a call may really give. */
const errors = { write: "ENOBUFS", read: "ENOBUFS", socket: "EMFILE", setns: "EPERM" } as const;

export type Injection = "refused by the kernel" | "SIGKILL" | "SIGTERM";

/** The command line that makes it happen at a step. */
export function injecting({ call, n }: Step, injection: Injection, error: string = errors[call]): string[] {
  const what = injection === "refused by the kernel" ? `error=${error}` : `signal=${injection}`;
  const inject = `inject=${call}:${what}:when=${n}`;
  return ["strace", "-f", "--seccomp-bpf", "-e", `trace=${call}`, "-e", inject, "-o", "/dev/null"];
}
