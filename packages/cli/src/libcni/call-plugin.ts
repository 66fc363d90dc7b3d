import { type Json, type JsonObject, printJson } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import type { Attachment } from "./attachment.ts";
import { findPlugin } from "./find-plugin.ts";
import { pluginAnswer } from "./plugin-failure.ts";
import { pluginEnv, type Verb } from "./plugin-input.ts";

/** What plugins are run with. */
export interface Runtime {
  /** Where executables are looked for, in this order: CNI_PATH. */
  readonly pluginDirs: readonly string[];
  readonly cacheDir: string;
  /** A runner whose processes have this environment beside the tool's own. */
  readonly runnerWith: (env: Readonly<Record<string, string>>) => Runner;
  /** Gets what a plugin says on its standard error. */
  readonly tell: (text: string) => void;
  /** Is told what is going on, before each call. What it throws keeps the call from being made. */
  readonly step?: (verb: Verb, plugin: string) => void;
}

export interface Call {
  readonly type: string;
  readonly input: JsonObject;
  readonly attachment?: Attachment;
}

/** Plugins wait for locks and leases, ours for up to 600 s where they are told to; then they clear up. */
const timeoutMs = 620_000;

/** Calls one plugin and gives what it prints; undefined for nothing. Throws Failure, PluginFailure where it is the plugin's. */
export async function callPlugin(verb: Verb, call: Call, runtime: Runtime): Promise<Json | undefined> {
  const path = findPlugin(call.type, runtime.pluginDirs);
  runtime.step?.(verb, call.type);
  const runner = runtime.runnerWith(pluginEnv(verb, runtime.pluginDirs, call.attachment));
  const result = await runner.run({ file: path, argv: [], stdin: printJson(call.input), timeoutMs });
  if ("stderr" in result) runtime.tell(result.stderr);
  return pluginAnswer(call.type, verb, path, result);
}
