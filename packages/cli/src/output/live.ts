import type { Terminal } from "./terminal.ts";

/** A command that goes on until it is told to end: by a key on a terminal, or by a signal. */
export interface Live {
  /** Puts these lines in the place of all the screen shows; nothing where there is no terminal. */
  draw(lines: readonly string[]): void;
  /** Waits, and gives the key that ended the wait early; `resize` where the terminal has another size, `quit` at the end. */
  next(milliseconds: number): Promise<string | undefined>;
  [Symbol.dispose](): void;
}

const [esc, interrupt, endOfText] = ["\u001b", "\u0003", "\u0004"];
/** The other screen, without cursor, where lines that are too long are cut. */
const enter = `${esc}[?1049h${esc}[?25l${esc}[?7l`;
const leave = `${esc}[?7h${esc}[?25h${esc}[?1049l`;

/**
 * Takes the screen, the keys and the signals until it is disposed of.
 *
 * @param isDrawn without it nothing is drawn and no key is read, as where nobody looks
 */
export function live(terminal: Terminal, isDrawn: boolean): Live {
  const { stdin, stdout } = process;
  const events: string[] = [];
  let wake = () => {};
  const say = (event: string) => {
    events.push(event);
    wake();
  };
  const quit = () => say("quit");
  const resize = () => say("resize");
  const press = (bytes: Uint8Array) => {
    const text = new TextDecoder().decode(bytes);
    // An arrow or a function key comes as several characters, none of which was meant.
    if (text.startsWith(esc)) return;
    for (const key of text) say(["q", interrupt, endOfText].includes(key) ? "quit" : key);
  };
  const hasKeys = isDrawn && stdin.isTTY === true;
  process.on("SIGINT", quit).on("SIGTERM", quit);
  if (isDrawn) {
    terminal.write(enter);
    stdout.on("resize", resize);
  }
  if (hasKeys) {
    stdin.setRawMode(true);
    stdin.on("data", press).resume();
  }
  return {
    draw(lines) {
      if (!isDrawn) return;
      // Cleared first: behind a full line the cursor stands on its last character.
      const shown = fitted(lines, terminal.height).map((line) => `${esc}[2K${line}`);
      const below = shown.length < terminal.height ? `\r\n${esc}[J` : "";
      terminal.write(`${esc}[H${shown.join("\r\n")}${below}`);
    },
    async next(milliseconds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, milliseconds);
      if (events.length === 0) await promise;
      clearTimeout(timer);
      return events.shift();
    },
    [Symbol.dispose]() {
      process.off("SIGINT", quit).off("SIGTERM", quit);
      if (hasKeys) {
        stdin.off("data", press).pause();
        stdin.setRawMode(false);
      }
      if (!isDrawn) return;
      stdout.off("resize", resize);
      terminal.write(leave);
    },
  };
}

/** As many lines as there is room for, the last one saying how many there would be. */
export function fitted(lines: readonly string[], height: number): readonly string[] {
  if (lines.length <= height) return lines;
  const kept = Math.max(0, height - 1);
  return [...lines.slice(0, kept), `… ${lines.length - kept} more lines`];
}
