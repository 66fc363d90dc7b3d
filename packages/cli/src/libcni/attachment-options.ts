import { type Json, type JsonObject, parseJson } from "@cni-chain/core";
import type { Argv } from "yargs";
import { Failure, UsageError } from "../failure.ts";
import type { ConfList } from "./conf-list.ts";
import { parseBandwidth } from "./parse-bandwidth.ts";
import { parsePublish } from "./parse-publish.ts";

const group = "What the container asks for:";

/** Adds the options that say what an attachment asks for; attachmentArguments reads them. */
export function attachmentOptions<T>(yargs: Argv<T>) {
  const each = { type: "string", array: true, nargs: 1, group } as const;
  return yargs
    .option("publish", {
      ...each,
      alias: "p",
      describe: "forward a port: [HOSTIP:]HOSTPORT:PORT[/PROTOCOL], also ranges",
    })
    .option("ingress-bandwidth", {
      type: "string",
      group,
      describe: "limit into the container in bit/s, as 10M",
    })
    .option("egress-bandwidth", {
      type: "string",
      group,
      describe: "limit out of the container in bit/s, as 10M",
    })
    .option("ingress-burst", {
      type: "string",
      group,
      describe: "bits that may pass at once; default: 50 ms of the rate",
    })
    .option("egress-burst", {
      type: "string",
      group,
      describe: "bits that may pass at once; default: 50 ms of the rate",
    })
    .option("args", { ...each, describe: "CNI_ARGS: K=V;K=V" })
    .option("capability", { ...each, describe: "any other capability: NAME=JSON" });
}

/** The options as yargs gives them. */
export interface AttachmentWords {
  readonly publish?: readonly string[] | undefined;
  readonly ingressBandwidth?: string | undefined;
  readonly egressBandwidth?: string | undefined;
  readonly ingressBurst?: string | undefined;
  readonly egressBurst?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly capability?: readonly string[] | undefined;
}

/** What a runtime hands to libcni beside names and namespace. */
export interface AttachmentArguments {
  readonly cniArgs: readonly (readonly [key: string, value: string])[];
  readonly capabilityArgs: JsonObject;
}

/**
 * Reads the options. Throws UsageError for one that makes no sense, and Failure for a capability that no plugin of the list
 * declares: libcni would keep it from all of them, and the option would do nothing.
 */
export function attachmentArguments(words: AttachmentWords, list: ConfList): AttachmentArguments {
  const capabilities = new Map<string, Json>();
  const publish = words.publish ?? [];
  const mappings = publish.flatMap(parsePublish).map((mapping): JsonObject => ({ ...mapping }));
  if (mappings.length > 0) capabilities.set("portMappings", mappings);
  const bandwidth: JsonObject = { ...parseBandwidth(words) };
  if (Object.keys(bandwidth).length > 0) capabilities.set("bandwidth", bandwidth);
  for (const text of words.capability ?? []) {
    const [name, value] = capability(text);
    if (capabilities.has(name)) throw new UsageError(`capability ${name} is given twice`);
    capabilities.set(name, value);
  }
  for (const name of capabilities.keys()) requireDeclared(name, list);
  return {
    cniArgs: (words.args ?? []).flatMap(cniArgs),
    capabilityArgs: Object.fromEntries(capabilities),
  };
}

/** Reads CNI_ARGS. Throws UsageError. */
function cniArgs(text: string): readonly (readonly [string, string])[] {
  return text
    .split(";")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)] as const;
      throw new UsageError(`--args ${text}: ${pair} is no KEY=VALUE`);
    });
}

function capability(text: string): readonly [string, Json] {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--capability ${text}: write NAME=JSON, as mac='"02:00:00:00:00:01"'`);
  try {
    return [text.slice(0, at), parseJson(text.slice(at + 1), "the part behind =")];
  } catch (error) {
    throw new UsageError(`--capability ${text}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function requireDeclared(name: string, list: ConfList): void {
  if (list.plugins.some(({ capabilities }) => capabilities.includes(name))) return;
  const usual = { portMappings: "portmap", bandwidth: "bandwidth" }[name];
  const candidate = list.plugins.find(({ type }) => type === usual)?.type;
  throw new Failure(
    `no plugin of network ${list.name} declares the capability ${name}, so none would be told`,
    [
      candidate === undefined
        ? `its plugins: ${list.plugins.map(({ type }) => type).join(", ")}`
        : `add "capabilities": ${JSON.stringify({ [name]: true })} to its ${candidate}`,
    ],
  );
}
