/** What one look at the node came to. */
export type Look =
  /** Everything is in its place; `changed` where it had not been. */
  | { readonly kind: "installed"; readonly changed: boolean; readonly text: string }
  /** The plugins are, but something of others has to come first. */
  | { readonly kind: "waiting"; readonly changed: boolean; readonly text: string };

/** What a node is kept with. */
export interface Keeper {
  /** Changes whenever somebody touches what is to be kept; cheap to ask. */
  state(): string;
  /** Installs what is missing. Throws where it cannot. */
  install(): Promise<Look>;
  /** Told whether all is in place, after every look. */
  ready(isReady: boolean): void;
  say(text: string): void;
  complain(error: unknown): void;
  /** Ends early with the signal. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** Longest time between two looks where somebody else undoes what was done, in milliseconds. */
export const longestPauseMs = 300_000;

/**
 * Installs, and does so again whenever somebody else wrote over it, until the signal comes; an installation under way
 * is finished first. Two that overwrite each other do so ever more slowly. Never throws for a failed installation:
 * it is complained of, once, and tried again.
 */
export async function keep(keeper: Keeper, intervalMs: number, signal: AbortSignal): Promise<void> {
  /** The state in which a look found nothing to do; undefined if the last one had something. */
  let settled: string | undefined;
  let wasChanged = false;
  let said = "";
  const say = (text: string) => {
    if (text !== said) keeper.say(text);
    said = text;
  };
  let pauseMs = intervalMs;
  for (let looks = 0; !signal.aborted; looks++) {
    const state = keeper.state();
    if (state === settled) pauseMs = intervalMs;
    else {
      settled = undefined;
      try {
        const look = await keeper.install();
        keeper.ready(look.kind === "installed");
        const isDispute = look.changed && looks > 0;
        pauseMs = isDispute ? Math.min(pauseMs * 2, longestPauseMs) : intervalMs;
        if (!look.changed) settled = state;
        // What was just done and told is there already at the next look.
        if (look.changed || !wasChanged) say(look.text);
        wasChanged = look.changed;
      } catch (error) {
        keeper.ready(false);
        wasChanged = false;
        if (String(error) !== said) keeper.complain(error);
        said = String(error);
      }
    }
    await keeper.pause(pauseMs, signal);
  }
}
