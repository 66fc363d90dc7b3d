import { limitingFiles, type MemoryFile, mayWrite, openMemoryFile } from "@cni-chain/libc/memory-file";
import type { CommandResult, Tool } from "./command.ts";
import { within } from "./deadline.ts";

/** Milliseconds for what was killed to be gone. Longer waits only what the kernel does not let go of. */
const deathMs = 500;

/** Bytes a tool may print: ten times as much as the tables of the largest nodes. */
const mostOutput = 64n << 20n;

/** Bytes, a descriptor to read from, or nothing. */
export type Input = Uint8Array | number | "ignore";

/** A process of a tool, at the head of a process group of its own. */
export interface Child {
  readonly process: Bun.Subprocess<Input, number | "pipe", number | "pipe">;
  /** Where it writes to; undefined for pipes. */
  readonly output: Output | undefined;
}

interface Output {
  readonly stdout: MemoryFile;
  readonly stderr: MemoryFile;
}

/** What a process gets of this one. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inherited: number | undefined;
}

/** Starts a tool; gives, and does not throw, what keeps it from starting. */
export function start({ file, argv }: Tool, stdin: Input, { env, inherited }: Surroundings): Child | Error {
  const output = openOutput();
  try {
    const process = limitingFiles(mostOutput, () =>
      Bun.spawn([file, ...argv], {
        env,
        stdio: [
          stdin,
          output?.stdout.descriptor ?? "pipe",
          output?.stderr.descriptor ?? "pipe",
          ...(inherited === undefined ? [] : [inherited]),
        ],
        // At the head of a process group of its own, so that a tool that is a script is killed with what it runs.
        detached: true,
      }),
    );
    return { process, output };
  } catch (error) {
    close(output);
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** How it ended, with what it wrote; it is killed where that takes longer. */
export async function outcomeOf(child: Child, timeoutMs: number): Promise<CommandResult> {
  const { process, output } = child;
  const first = await within(answerOf(child), timeoutMs);
  if (first === "late") {
    await kill(child);
    const [stdout, stderr] = [output?.stdout.read() ?? "", output?.stderr.read() ?? ""];
    close(output);
    return { kind: "timedOut", timeoutMs, stdout, stderr };
  }
  close(output);
  const [stdout = "", stderr = ""] = first;
  return process.signalCode === null
    ? { kind: "exited", exitCode: process.exitCode ?? 0, stdout, stderr }
    : { kind: "signalled", signal: String(process.signalCode), stdout, stderr };
}

/** What it has written, once it has ended. */
async function answerOf({ process, output }: Child): Promise<readonly string[]> {
  if (output === undefined)
    return Promise.all([textOf(process.stdout), textOf(process.stderr), process.exited.then(() => "")]);
  await process.exited;
  return [output.stdout.read(), output.stderr.read()];
}

async function textOf(stream: ReadableStream | number | undefined): Promise<string> {
  return typeof stream === "object" ? stream.text() : "";
}

/**
 * Files and no pipes, where they are to be had and a process may write to them: the engine starts a thread to close a pipe it has read from, 0.4 ms of CPU
 * time.
 */
function openOutput(): Output | undefined {
  if (!mayWrite(mostOutput)) return undefined;
  const [stdout, stderr] = [openMemoryFile(), openMemoryFile()];
  if (stdout !== undefined && stderr !== undefined) return { stdout, stderr };
  stdout?.close();
  return undefined;
}

function close(output: Output | undefined): void {
  output?.stdout.close();
  output?.stderr.close();
}

/** Waits for the end, too: else it might finish its work behind the way back, and stay as a zombie that nobody reaps. */
export async function kill(child: Child): Promise<void> {
  killAll(child);
  // Whether it can be waited for or not: by then the answer may have been given, which this must not turn into a failure.
  await within(
    child.process.exited.catch(() => {}),
    deathMs,
  );
}

/** The process and what it has started. */
export function killAll(child: Child): void {
  try {
    process.kill(-child.process.pid, "SIGKILL");
  } catch {
    // All of them have ended by themselves.
  }
}
