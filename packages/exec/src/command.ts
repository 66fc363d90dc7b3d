/** A command-line tool with its arguments. */
export interface Tool {
  /** Plain name, looked up on the runner's PATH. */
  readonly file: string;
  /** Arguments without the tool's name. Never seen by a shell. */
  readonly argv: readonly string[];
}

/** A call of a tool, as a value: built by a renderer, printed by a dry run, carried out by a Runner. */
export interface Command extends Tool {
  /** Text for the tool's standard input; without it standard input is empty. */
  readonly stdin?: string;
  /** Milliseconds this one call may take; the runner's own budget bounds it too. */
  readonly timeoutMs?: number;
}

/** What became of a command. Every outcome but `exited` means that nothing is known about the tool's work. */
export type CommandResult =
  | { readonly kind: "exited"; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: "signalled"; readonly signal: string; readonly stdout: string; readonly stderr: string }
  | {
      readonly kind: "timedOut";
      readonly timeoutMs: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** A signal told this process to end: the tool was killed for it, or not started any more. */
  | { readonly kind: "stopped"; readonly signal: string }
  /** No such executable on PATH; `elsewhere` is a usual directory that has one. */
  | { readonly kind: "notFound"; readonly path: string; readonly elsewhere?: string }
  /** The executable is there but could not be started (EACCES, E2BIG, ENOEXEC, …). */
  | { readonly kind: "notStarted"; readonly reason: string };

/** The port through which everything here starts processes. `run` rejects only on a fault of the runner itself. */
export interface Runner {
  run(command: Command): Promise<CommandResult>;
  /**
   * Starts a tool ahead: the next `run` of it with the same arguments gives it its standard input and waits for its end. For
   * a tool that does nothing before it has read some, and nothing where there is none. What keeps it from starting is told by
   * `run`. Absent where nothing would be gained.
   */
  startAhead?(tool: Tool): void;
}

/** The command as a person would type it, for messages and dry runs; never for execution. */
export function commandLine(command: Command): string {
  return [command.file, ...command.argv].map(shellWord).join(" ");
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
