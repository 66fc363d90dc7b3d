/** How a finished process ended. `exitCode` is 128 + signal number if a signal ended it, as in a shell. */
export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly stdin?: string | Uint8Array;
  /** The whole environment of the process, not an addition to ours. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs a process to its end, whatever its exit code. Throws if it cannot be started. */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<Finished> {
  const { env, stdin } = options;
  const child = Bun.spawn([...argv], {
    env: { ...env },
    stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : (stdin ?? "ignore"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/**
 * A process that lives until its standard input ends. The pipe is ours alone, so however we end, it ends too:
 * every long-lived process of the harness is made this way.
 */
export class Service {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #stderr: Promise<string>;

  constructor(argv: readonly string[], env: ExecOptions["env"] = {}) {
    this.#child = Bun.spawn([...argv], { env: { ...env }, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    this.#lines = linesOf(this.#child.stdout);
    this.#stderr = this.#child.stderr.text();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The next line of standard output; undefined at its end. */
  async line(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done ? undefined : next.value;
  }

  /** Waits for a first line, as proof that the process is ready. Throws with its standard error if none comes. */
  async ready(): Promise<string> {
    const line = await this.line();
    if (line === undefined) throw new Error(`process ended before it was ready: ${await this.#stderr}`);
    return line;
  }

  /** Ends the process through its standard input, and waits for the end. */
  async stop(): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
