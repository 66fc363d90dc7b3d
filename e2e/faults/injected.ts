import type { Node } from "../lib/node.ts";

/** System calls by which a plugin speaks to the kernel in its own process, reads files of it, and runs tools. */
const calls = ["write", "read", "socket", "setns", "openat", "vfork", "wait4"] as const;

type Call = (typeof calls)[number];

/** One of these calls, the n-th of its kind in the process, or of those with its path. */
export interface Step {
  readonly call: Call;
  readonly n: number;
  /** The file that is opened. */
  readonly path?: string;
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

/** Steps of a plugin that needs no tools: its messages to the kernel, and the files it looks into. */
export const ownSteps: readonly Call[] = ["write", "read", "socket", "setns", "openat"];
/** Steps of a plugin between, before and behind its tools. */
export const stepsAroundTools: readonly Call[] = ["socket", "openat", "vfork", "wait4"];

/** Files that plugins open. An engine opens others beside. */
const ours = /^\/proc\/(sys\/(net|kernel)\/|net\/|modules$|config\.gz$|self\/status$)|\/ns\/net$|\/netns\//;

/** The calls that were noted, as far as they are a plugin's and not its engine's. */
export async function notedSteps(node: Node, wanted: readonly Call[]): Promise<readonly Step[]> {
  const lines = (await node.run(["cat", "/run/steps"])).split("\n");
  const main = lines[0]?.split(/\s+/)[0] ?? "";
  const counted = new Map<string, number>();
  const nth = (what: string) => {
    const n = (counted.get(what) ?? 0) + 1;
    counted.set(what, n);
    return n;
  };
  return lines.flatMap((line): readonly Step[] => {
    const [, pid, name, text = ""] = /^(\d+)\s+(\w+)\((.*)/.exec(line) ?? [];
    const call = wanted.find((known) => known === name);
    if (pid !== main || call === undefined) return [];
    if (call === "openat") {
      const path = /"(.*?)"/.exec(text)?.[1] ?? "";
      return ours.test(path) ? [{ call, n: nth(path), path, text }] : [];
    }
    const n = nth(call);
    const isOurs = call === "setns" || call === "vfork" || call === "wait4" || /NETLINK/.test(text);
    return isOurs ? [{ call, n, text }] : [];
  });
}

/** The error that a step ends with; one that such a call may really give. A process that has ended can always be reaped. */
const errors: Readonly<Record<Call, string | undefined>> = {
  write: "ENOBUFS",
  read: "ENOBUFS",
  socket: "EMFILE",
  setns: "EPERM",
  openat: "EMFILE",
  vfork: "EAGAIN",
  wait4: undefined,
};

export type Injection = "refused by the kernel" | "SIGKILL" | "SIGTERM";

const injections: readonly Injection[] = ["refused by the kernel", "SIGKILL", "SIGTERM"];

/** What may happen at a step. */
export function injectionsAt({ call }: Step): readonly Injection[] {
  return injections.filter(
    (injection) => injection !== "refused by the kernel" || errors[call] !== undefined,
  );
}

/** The command line that makes it happen at a step of the plugin's own, and not of its tools. */
export function injecting({ call, n, path }: Step, injection: Injection, error = errors[call]): string[] {
  const what = injection === "refused by the kernel" ? `error=${error}` : `signal=${injection}`;
  const inject = `inject=${call}:${what}:when=${n}`;
  const only = path === undefined ? [] : ["-P", path];
  return ["strace", ...only, "-e", `trace=${call}`, "-e", inject, "-o", "/dev/null"];
}
