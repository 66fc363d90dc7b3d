import type { Place } from "./place.ts";
import type { Finished } from "./process.ts";

export interface PluginCall {
  /** Path of the plugin's binary. */
  readonly binary: string;
  /** The plugin's environment beside the place's own (PATH); undefined takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The document on standard input; a string is passed as it is. */
  readonly stdin: unknown;
  /** A command line that is put before the binary, as of strace. */
  readonly under?: readonly string[];
}

export interface PluginAnswer extends Finished {
  /** Standard output as JSON; undefined if it is empty. */
  readonly json: unknown;
}

/** Calls a plugin as a runtime does. A killed plugin shows as an exit code above 128. */
export async function callPlugin(place: Place, call: PluginCall): Promise<PluginAnswer> {
  const stdin = typeof call.stdin === "string" ? call.stdin : JSON.stringify(call.stdin);
  const finished = await place.try([...(call.under ?? []), call.binary], {
    stdin,
    env: { ...place.env, ...call.env },
  });
  const text = finished.stdout.trim();
  return { ...finished, json: text === "" ? undefined : parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`the plugin's standard output is not one JSON document:\n${text}`);
  }
}
