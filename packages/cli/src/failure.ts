/** What the command line asks for makes no sense: exit code 2, with a pointer to --help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What was asked for could not be done: exit code 1. `details` go below the message, line by line. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly details: readonly string[];

  constructor(message: string, details: readonly string[] = []) {
    super(message);
    this.details = details;
  }
}

/** Ended well, with an exit code that says something: `doctor` found warnings (1) or a broken node (2). */
export class Verdict extends Error {
  override readonly name = "Verdict";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}
