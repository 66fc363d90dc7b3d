import { files } from "@cni-chain/libc";
import { openPipe, type Pipe } from "@cni-chain/libc/pipe";
import { type Child, type Input, kill, killAll, outcomeOf, start } from "./bun-child.ts";
import type { Command, CommandResult, Runner, Tool } from "./command.ts";
import { absolutePlaces } from "./find-tool.ts";
import { notFound } from "./not-found.ts";

export interface BunRunnerOptions {
  /** The environment of every process; the absolute directories on its PATH are where tools are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Milliseconds for all calls of this runner together, counted from its making. The way back is part of it from 30 s on; of
   * a shorter budget the way there has five sixths, and the way back its 5 s all the same.
   */
  readonly budgetMs: number;
  /** Signals to this process that stop what is running, and everything behind it until the way back; that they leave alone. */
  readonly stopsOn?: readonly NodeJS.Signals[];
  /** A descriptor that every process inherits: what is to last as long as any of them, also beyond this one. */
  readonly inherited?: number | undefined;
}

export interface BunRunner extends Runner {
  /** Failed work is about to be taken back: that gets the time kept for it, also after a stop, and is not stopped again. */
  turnBack(): void;
  /**
   * Ends what still runs, as of work that was given up when other work beside it failed. True where every tool has
   * exited by itself: of one that was killed, a child may still be at work.
   */
  end(): Promise<boolean>;
}

/** By which a runtime, or a person at its terminal, ends a plugin. */
export const endSignals: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT", "SIGHUP"];

/** Milliseconds for the way back, whatever the way there has used up: within the whole where that is 30 s or more. */
const wayBackMs = 5000;

/**
 * The plugins' runner. `Bun.spawn` costs about 0.3 ms over the process itself, a tenth of what
 * `node:child_process` costs and a thirtieth of execa. A process that outlives its time, or this one, gets SIGKILL,
 * and so does everything it has started.
 */
export function bunRunner({ env: given, budgetMs, stopsOn = [], inherited }: BunRunnerOptions): BunRunner {
  const env = { ...given, PATH: absolutePlaces(given["PATH"] ?? "") };
  const surroundings = { env, inherited };
  let ends = performance.now() + Math.max(budgetMs - wayBackMs, (budgetMs * 5) / 6);
  let stopped: string | undefined;
  let isTurningBack = false;
  let mayBeAtWork = false;
  const running = new Set<Child>();
  const waiting = new Map<string, Waiting>();
  reapChildren();
  for (const signal of stopsOn) {
    process.on(signal, () => {
      if (isTurningBack) return;
      stopped = signal;
      mayBeAtWork = true;
      for (const child of running) killAll(child);
      waiting.clear();
    });
  }
  /** The process that was started ahead for this command, with its input; undefined where there is none that can take it. */
  const takeUp = (command: Command): Child | undefined => {
    const name = nameOf(command);
    const ahead = waiting.get(name);
    if (ahead === undefined) return undefined;
    waiting.delete(name);
    if (feed(ahead, command.stdin ?? "")) return ahead.child;
    running.delete(ahead.child);
    return undefined;
  };
  return {
    turnBack() {
      ends = performance.now() + wayBackMs;
      stopped = undefined;
      isTurningBack = true;
    },
    async end() {
      mayBeAtWork ||= running.size > 0;
      await Promise.all([...running].map(kill));
      return !mayBeAtWork;
    },
    startAhead(tool) {
      if (stopped !== undefined || waiting.has(nameOf(tool))) return;
      const pipe = openPipe();
      if (pipe === undefined) return;
      const child = start(tool, pipe.readEnd, surroundings);
      files.close(pipe.readEnd);
      if (child instanceof Error) return files.close(pipe.writeEnd);
      running.add(child);
      waiting.set(nameOf(tool), { child, pipe });
    },
    async run(command) {
      if (stopped !== undefined) return { kind: "stopped", signal: stopped };
      const left = Math.max(0, Math.ceil(ends - performance.now()));
      const timeoutMs = Math.min(command.timeoutMs ?? left, left);
      if (timeoutMs === 0) return { kind: "timedOut", timeoutMs, stdout: "", stderr: "" };
      const child = takeUp(command) ?? start(command, inputOf(command), surroundings);
      if (child instanceof Error) return notStarted(command, child, env["PATH"] ?? "");
      running.add(child);
      const result = await outcomeOf(child, timeoutMs);
      running.delete(child);
      mayBeAtWork ||= result.kind !== "exited";
      return stopped === undefined ? result : { kind: "stopped", signal: stopped };
    },
  };
}

/**
 * A parent that ignores SIGCHLD hands that on, and the kernel then keeps nobody's exit code: each tool would seem lost. Where a
 * last listener goes, the engine sets a signal's default.
 */
function reapChildren(): void {
  const listener = () => {};
  process.on("SIGCHLD", listener).off("SIGCHLD", listener);
}

/** A process that was started ahead of its input, and the pipe it reads that from. */
interface Waiting {
  readonly child: Child;
  readonly pipe: Pipe;
}

function nameOf({ file, argv }: Tool): string {
  return [file, ...argv].join("\0");
}

/**
 * Gives a waiting process all of its input; false where that is more than the pipe takes at once, so that nobody has to
 * wait for a reader. The process then ends without any.
 */
function feed({ pipe }: Waiting, text: string): boolean {
  const bytes = new TextEncoder().encode(text);
  const fits = bytes.length <= pipe.capacity;
  try {
    if (fits) files.write(pipe.writeEnd, bytes);
  } catch {
    // It has ended already: how, it will tell.
  }
  files.close(pipe.writeEnd);
  return fits;
}

async function notStarted(command: Command, error: Error, path: string): Promise<CommandResult> {
  if ("code" in error && error.code === "ENOENT") return notFound(command.file, path);
  return { kind: "notStarted", reason: error.message };
}

function inputOf({ stdin }: Command): Input {
  return stdin === undefined ? "ignore" : new TextEncoder().encode(stdin);
}
