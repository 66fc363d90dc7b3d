import {
  isIdentifier,
  isIfname,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
  shown,
} from "@cni-chain/core";

/** What one entry of libcni's cache says: an attachment that was made and not taken back. */
export interface CacheEntry {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
  /** Path of the network namespace; from the result where an older libcni wrote the entry, which kept none. */
  readonly netns?: string;
  /** CNI_ARGS, as K8S_POD_NAME. */
  readonly cniArgs: readonly (readonly [key: string, value: string])[];
  /** What the runtime offered by capability, as portMappings. */
  readonly capabilityArgs: JsonObject;
  /** The network configuration list the attachment was made with. */
  readonly config: JsonObject;
  /** The same, byte for byte. */
  readonly configText: string;
  /** The chain's last result. */
  readonly result: JsonObject;
}

/** The one format there is (libcni/api.go, cachedInfo). */
const kind = "cniCacheV1";

/** Reads an entry. Throws an Error that says what is wrong with it. */
export function parseCacheEntry(text: string): CacheEntry {
  const json = parseJson(text, "it");
  if (!isJsonObject(json)) throw new Error(`${shown(json)} is no JSON object`);
  if (json["kind"] !== kind) throw new Error(`kind: ${shown(json["kind"])}, known is ${kind}`);
  const { containerId, ifName, networkName, netns, cniArgs, capabilityArgs, result } = json;
  if (typeof networkName !== "string" || !isIdentifier(networkName)) throw wrong("networkName", networkName);
  if (typeof containerId !== "string" || !isIdentifier(containerId)) throw wrong("containerId", containerId);
  if (typeof ifName !== "string" || !isIfname(ifName)) throw wrong("ifName", ifName);
  const configText = decoded(json["config"]);
  const outcome = objectOr(result, "result");
  const path = typeof netns === "string" && netns !== "" ? netns : sandboxOf(outcome, ifName);
  return {
    network: networkName,
    containerId,
    ifname: ifName,
    ...(path === undefined ? {} : { netns: path }),
    cniArgs: pairs(cniArgs),
    capabilityArgs: objectOr(capabilityArgs, "capabilityArgs"),
    config: configText === "" ? {} : objectOr(parseJson(configText, "config"), "config"),
    configText,
    result: outcome,
  };
}

/** The entry as libcni writes it: fields in its order, empty ones left out. */
export function renderCacheEntry(entry: Omit<CacheEntry, "config">): string {
  const { network, containerId, ifname, netns = "", cniArgs, capabilityArgs, configText, result } = entry;
  return printJson({
    kind,
    containerId,
    config: new TextEncoder().encode(configText).toBase64(),
    ifName: ifname,
    networkName: network,
    ...(netns === "" ? {} : { netns }),
    ...(cniArgs.length === 0 ? {} : { cniArgs }),
    ...(Object.keys(capabilityArgs).length === 0 ? {} : { capabilityArgs }),
    ...(Object.keys(result).length === 0 ? {} : { result }),
  });
}

/** Name of an entry's file. */
export function cacheFileName(entry: Pick<CacheEntry, "network" | "containerId" | "ifname">): string {
  return `${entry.network}-${entry.containerId}-${entry.ifname}`;
}

const wrong = (field: string, value: Json | undefined): Error =>
  new Error(`${field}: ${shown(value)} is no name`);

/** Go writes null for a map and a list that is not there. */
function objectOr(json: Json | undefined, field: string): JsonObject {
  if (json === undefined || json === null) return {};
  if (isJsonObject(json)) return json;
  throw new Error(`${field}: ${shown(json)} is no object`);
}

function decoded(config: Json | undefined): string {
  if (config === undefined || config === null) return "";
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.fromBase64(String(config)));
  } catch {
    throw new Error(`config: ${shown(config)} is no base64 of a text`);
  }
}

function pairs(json: Json | undefined): readonly (readonly [string, string])[] {
  if (json === undefined || json === null) return [];
  const items = Array.isArray(json) ? json : [json];
  return items.map((item: Json) => {
    const [key, value] = Array.isArray(item) ? item : [];
    if (typeof key === "string" && typeof value === "string") return [key, value] as const;
    throw new Error(`cniArgs: ${shown(item)} is no pair of texts`);
  });
}

/** The namespace of the container's interface, by the result. */
function sandboxOf(result: JsonObject, ifname: string): string | undefined {
  const interfaces = Array.isArray(result["interfaces"]) ? result["interfaces"] : [];
  const found = interfaces.find((one: Json) => isJsonObject(one) && one["name"] === ifname && one["sandbox"]);
  const sandbox = isJsonObject(found) ? found["sandbox"] : undefined;
  return typeof sandbox === "string" && sandbox !== "" ? sandbox : undefined;
}
