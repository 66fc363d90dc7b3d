import type { Terminal } from "./terminal.ts";

/** Says what a command is at, once that takes longer than a person waits without asking. */
export interface Progress {
  /** What it is at now. */
  step(text: string): void;
  /** Takes the line away, before anything else is said. */
  clear(): void;
  /** Ends it; the process does not wait for it. */
  stop(): void;
}

const afterMs = 1000;
const everyMs = 250;

/** Progress on standard error: one line that is drawn over, and nothing at all where that is no terminal. */
export function progressOn(terminal: Terminal): Progress {
  if (!terminal.errIsTerminal) return { step() {}, clear() {}, stop() {} };
  let now = { text: "", since: performance.now() };
  let drawn = false;
  const clear = () => {
    if (drawn) terminal.tell("\r\u001b[K");
    drawn = false;
  };
  const draw = () => {
    const seconds = Math.floor((performance.now() - now.since) / 1000);
    if (now.text === "" || seconds * 1000 < afterMs) return;
    terminal.tell(`\r\u001b[K${now.text} … ${seconds} s`);
    drawn = true;
  };
  const timer = setInterval(draw, everyMs);
  timer.unref();
  return {
    step(text) {
      clear();
      now = { text, since: performance.now() };
    },
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}
