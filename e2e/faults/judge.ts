import type { ErrorDocument } from "../lib/cni.ts";
import type { Fault } from "./faulty-tools.ts";
import type { Verb } from "./workbench.ts";

/** What an answer has to say of a fault: everything that it does not. */
export function unsaid(failure: ErrorDocument, fault: Fault, tool: string, verb: Verb): readonly string[] {
  if (fault.startsWith("plugin gets SIGKILL")) return failure.code === -137 ? [] : ["it was not killed"];
  const { code, words, names = [tool, `command: ${tool} `] } = expected(fault);
  const said = `${failure.msg}\n${failure.details ?? ""}`;
  return [
    ...(failure.code === (verb === "STATUS" ? 50 : code) ? [] : [`code ${code}`]),
    ...[...words, ...names].filter((word) => !said.includes(word)).map((word) => JSON.stringify(word)),
  ];
}

interface Expected {
  readonly code: number;
  readonly words: readonly string[];
  /** By which a person finds the call at fault. */
  readonly names?: readonly string[];
}

function expected(fault: Fault): Expected {
  switch (fault) {
    case "tool fails":
      return { code: 100, words: ["exit code 3", "deliberate fault"] };
    case "tool hangs":
      return { code: 11, words: ["no answer within", "ms, killed"] };
    case "tool is killed":
      return { code: 100, words: ["ended by SIGKILL"] };
    case "tool prints rubbish":
      return { code: 100, words: ["exit code 0"] };
    default:
      // All tools that run are stopped, and one of them is named.
      return { code: 11, words: ["stopped, because SIGTERM came"], names: ["command: "] };
  }
}
