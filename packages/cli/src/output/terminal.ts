import { writeSync } from "node:fs";

/** Where a command's words go, and what a person would see there. */
export interface Terminal {
  /** Writes to standard output as it is; nothing is added. */
  write(text: string): void;
  /** Writes to standard error: progress and warnings. */
  tell(text: string): void;
  /** Standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Standard error is one: progress may be drawn over. */
  readonly errIsTerminal: boolean;
  /** Columns to keep to; Infinity where nobody looks at it. */
  readonly width: number;
  readonly height: number;
  /** Colour is wanted: a terminal, and neither NO_COLOR nor TERM=dumb. */
  readonly colour: boolean;
}

/** The process's own streams. Colour and width only on a terminal; NO_COLOR is kept (no-color.org). */
export function processTerminal(): Terminal {
  const { stdout, env } = process;
  const isTerminal = stdout.isTTY === true;
  return {
    write: (text) => writeAll(1, text),
    tell: (text) => writeAll(2, text),
    isTerminal,
    errIsTerminal: process.stderr.isTTY === true,
    get width() {
      return isTerminal ? (stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    },
    get height() {
      return isTerminal ? (stdout.rows ?? 24) : Number.POSITIVE_INFINITY;
    },
    colour: isTerminal && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb",
  };
}

/** A reader that went away (`| head`) ends the command as it ends others: quietly. */
function writeAll(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EPIPE") process.exit(0);
      if (code !== "EAGAIN") throw error;
    }
  }
}
