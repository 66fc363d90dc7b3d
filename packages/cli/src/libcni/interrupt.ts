/** Whether somebody wants this process to end, which it does at the next good place. */
export interface Interrupt extends Disposable {
  readonly wanted: boolean;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** From here to its disposal a signal to end is kept for later, so that no chain is left half made. */
export function keepInterrupt(): Interrupt {
  let wanted = false;
  const note = () => {
    wanted = true;
  };
  for (const signal of signals) process.on(signal, note);
  return {
    get wanted() {
      return wanted;
    },
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, note);
    },
  };
}
