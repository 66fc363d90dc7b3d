import { CniError, ErrorCode } from "./cni-error.ts";
import { identifierRule, ifnameRule, isIdentifier, isIfname } from "./identifiers.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What a runtime asks for in the environment; an empty variable counts as missing. */
export type Invocation =
  | { readonly command: "VERSION" | "GC" | "STATUS" }
  | (Container & { readonly command: "ADD" | "CHECK"; readonly netns: string })
  | (Container & { readonly command: "DEL"; readonly netns: string | undefined });

interface Container {
  readonly containerId: string;
  readonly ifname: string;
  /** CNI_NETNS_OVERRIDE: the plugin's own network namespace is meant as CNI_NETNS. */
  readonly netnsOverride: boolean;
}

type Variable = "CNI_CONTAINERID" | "CNI_NETNS" | "CNI_IFNAME" | "CNI_PATH";

const required = {
  VERSION: [],
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"],
  GC: ["CNI_PATH"],
  STATUS: ["CNI_PATH"],
} as const satisfies Record<Invocation["command"], readonly Variable[]>;

const rules: { readonly [name in Variable]?: { readonly allowed: string; holds(text: string): boolean } } = {
  CNI_CONTAINERID: { allowed: identifierRule, holds: isIdentifier },
  CNI_IFNAME: { allowed: ifnameRule, holds: isIfname },
};

/**
 * Reads the CNI variables (specification, section "Parameters"). Gives undefined without CNI_COMMAND:
 * a person called. Throws CniError 4 that names every missing or bad variable.
 */
export function readInvocation(env: Env): Invocation | undefined {
  const command = env["CNI_COMMAND"] ?? "";
  if (command === "") return undefined;
  if (!isCommand(command)) {
    const known = Object.keys(required).join(", ");
    throw environmentError([`CNI_COMMAND=${JSON.stringify(command)}: allowed are ${known}`]);
  }
  const problems: string[] = [];
  for (const name of required[command]) {
    const problem = problemOf(name, env[name] ?? "", command);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) throw environmentError(problems);
  if (command === "VERSION" || command === "GC" || command === "STATUS") return { command };
  const container = {
    containerId: env["CNI_CONTAINERID"] ?? "",
    ifname: env["CNI_IFNAME"] ?? "",
    netnsOverride: ["TRUE", "1"].includes((env["CNI_NETNS_OVERRIDE"] ?? "").toUpperCase()),
  };
  const netns = env["CNI_NETNS"] ?? "";
  return command === "DEL"
    ? { command, ...container, netns: netns === "" ? undefined : netns }
    : { command, ...container, netns };
}

function isCommand(text: string): text is Invocation["command"] {
  return Object.hasOwn(required, text);
}

function problemOf(name: Variable, value: string, command: string): string | undefined {
  if (value === "") return `${name}: missing, ${command} needs it`;
  const rule = rules[name];
  if (rule === undefined || rule.holds(value)) return undefined;
  return `${name}=${JSON.stringify(value)}: allowed is ${rule.allowed}`;
}

function environmentError(problems: readonly string[]): CniError {
  return new CniError(ErrorCode.invalidEnvironment, problems.join("; "), problems.join("\n"));
}
