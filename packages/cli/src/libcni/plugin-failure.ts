import { isJsonObject, type Json, parseJson } from "@cni-chain/core";
import { CommandError, type CommandResult } from "@cni-chain/exec";
import { Failure } from "../failure.ts";
import type { Verb } from "./plugin-input.ts";

/** The document a plugin puts out when it fails (CNI specification, section "Error"). */
export interface PluginErrorDocument {
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** A plugin that failed, or did not answer as the specification wants; `document` where it said why. */
export class PluginFailure extends Failure {
  readonly plugin: string;
  readonly document: PluginErrorDocument | undefined;

  constructor(plugin: string, verb: Verb, why: PluginErrorDocument | string) {
    const document = typeof why === "string" ? undefined : why;
    const said = typeof why === "string" ? why : `error ${why.code}: ${why.msg}`;
    super(
      `plugin ${plugin} failed (${verb}): ${printableLine(said)}`,
      (document?.details ?? "")
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map(printableLine),
    );
    this.plugin = plugin;
    this.document = document;
  }
}

/** What a plugin that exited with 0 printed. Throws PluginFailure for any other end. */
export function pluginAnswer(
  plugin: string,
  verb: Verb,
  path: string,
  result: CommandResult,
): Json | undefined {
  if (result.kind !== "exited") {
    const { message } = new CommandError({ file: path, argv: [] }, result);
    throw new PluginFailure(plugin, verb, message);
  }
  const answer = parsed(result.stdout);
  if (result.exitCode !== 0) throw new PluginFailure(plugin, verb, errorOf(answer, result));
  if (answer.kind === "noJson") throw new PluginFailure(plugin, verb, `it printed no JSON: ${answer.text}`);
  return answer.kind === "empty" ? undefined : answer.json;
}

type Printed =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly json: Json }
  | { readonly kind: "noJson"; readonly text: string };

function parsed(stdout: string): Printed {
  const text = stdout.trim();
  if (text === "") return { kind: "empty" };
  try {
    return { kind: "json", json: parseJson(text) };
  } catch {
    return { kind: "noJson", text: text.slice(0, 200) };
  }
}

function errorOf(
  answer: Printed,
  { exitCode, stderr }: { exitCode: number; stderr: string },
): PluginErrorDocument | string {
  if (answer.kind === "json" && isJsonObject(answer.json) && answer.json["code"] !== undefined) {
    const { code, msg = "", details = "" } = answer.json;
    return { code: Number(code), msg: String(msg), details: String(details) };
  }
  const said = answer.kind === "noJson" ? answer.text : (stderr.trim().split("\n").at(-1) ?? "");
  return `exit code ${exitCode}, without a word in JSON${said === "" ? "" : `: ${said}`}`;
}

/** A plugin is somebody else's program: nothing it says may steer a terminal. */
const printableLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
