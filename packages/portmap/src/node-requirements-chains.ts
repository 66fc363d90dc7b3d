import { isJsonObject, type Json, type JsonObject } from "@cni-chain/core";
import { type ListedRule, listedValue, parseListing } from "iptables-wrapper";

/**
 * Whose new connections a chain at hook forward lets through that drops by policy. `some`: a rule there accepts, or
 * leads where nobody has looked.
 */
export type Accepts = "some" | "known" | "none";

/** Targets of iptables-extensions(8) that never accept. */
const neverAccepts =
  /^(?:DROP|REJECT|RETURN|LOG|NFLOG|MARK|CONNMARK|CT|TRACE|TCPMSS|CLASSIFY|DSCP|TOS|TTL|HL|AUDIT|SET)$/;
/**
 * Chains of which it is known that nothing in them accepts a new connection from outside to a host port. Docker sets the
 * policy and accepts for its own bridges (docs.docker.com, "Packet filtering and firewalls"); plugin firewall accepts
 * what a pod sends and the replies to it.
 */
const knownChain = /^(?:DOCKER(?:-.+)?|CNI-FORWARD|CNI-ISOLATION-STAGE-\d)$/;
const dockerBridge = /^(?:docker0|br-[0-9a-f]{12})$/;

/** Reads `iptables -S FORWARD`. Undefined where its policy is not to drop. */
export function forwardListing(text: string): Accepts | undefined {
  if (!/^-P FORWARD DROP$/m.test(text)) return undefined;
  const [chain] = parseListing(text);
  return together((chain?.rules ?? []).map(ruleAccepts));
}

function ruleAccepts(rule: ListedRule): Accepts {
  const target = listedValue(rule, "-j") ?? listedValue(rule, "-g");
  if (target === undefined || neverAccepts.test(target)) return "none";
  const option = rule.tokens.includes("--ctstate") ? "--ctstate" : "--state";
  const isNegated = rule.tokens[rule.tokens.indexOf(option) - 1] === "!";
  const states = isNegated ? undefined : listedValue(rule, option);
  if (states?.split(",").every(isUnderWay)) return "none";
  const devices = [listedValue(rule, "-i"), listedValue(rule, "-o")];
  const isKnown = knownChain.test(target) || devices.some((device) => dockerBridge.test(device ?? ""));
  return isKnown ? "known" : "some";
}

/** A chain of nftables, as nft names it. */
export interface NftChain {
  readonly family: "ip" | "ip6" | "inet";
  readonly table: string;
  readonly name: string;
}

/** Reads `nft -j list chains`, libnftables-json(5): the chains at hook forward whose policy is to drop. */
export function droppingChains(document: Json): NftChain[] {
  return objectsOf(document, "chain").flatMap(({ family, table, name, hook, policy }) => {
    const isRouted = family === "ip" || family === "ip6" || family === "inet";
    if (!isRouted || hook !== "forward" || policy !== "drop") return [];
    return [{ family, table: String(table), name: String(name) }];
  });
}

/** Reads `nft -j list chain` of one of them. */
export function chainAccepts(document: Json): Accepts {
  return together(
    objectsOf(document, "rule").map(({ expr }) =>
      nftAccepts(Array.isArray(expr) ? expr.filter(isJsonObject) : []),
    ),
  );
}

function nftAccepts(statements: readonly JsonObject[]): Accepts {
  const isUnderWayOnly = statements.some(({ match }) => isJsonObject(match) && matchesUnderWay(match));
  const leads = statements.some((statement) =>
    ["accept", "jump", "goto", "queue", "xt"].some((key) => key in statement),
  );
  const maps = statements.some(({ vmap }) => isJsonObject(vmap) && vmapAccepts(vmap));
  return (leads && !isUnderWayOnly) || maps ? "some" : "none";
}

function matchesUnderWay({ op, left, right }: JsonObject): boolean {
  if (op === "!=" || !isState(left)) return false;
  const set = isJsonObject(right) ? right["set"] : right;
  return (Array.isArray(set) ? set : [set]).every(isUnderWay);
}

/** `ct state vmap { established : accept, … }`; any other map may accept anything. */
function vmapAccepts({ key, data }: JsonObject): boolean {
  const set = isJsonObject(data) ? data["set"] : undefined;
  if (!isState(key) || !Array.isArray(set)) return true;
  return set.some((entry) => {
    const [state, verdict] = Array.isArray(entry) ? entry : [];
    return !isUnderWay(state) && !(isJsonObject(verdict) && "drop" in verdict);
  });
}

function isState(expression: Json | undefined): boolean {
  const ct = isJsonObject(expression) ? expression["ct"] : undefined;
  return isJsonObject(ct) && ct["key"] === "state";
}

/** True of a state that the first packet of a connection does not have. */
function isUnderWay(state: Json | undefined): boolean {
  return ["established", "related", "invalid"].includes(String(state).toLowerCase());
}

function together(rules: readonly Accepts[]): Accepts {
  if (rules.includes("some")) return "some";
  return rules.includes("known") ? "known" : "none";
}

function objectsOf(document: Json, kind: string): JsonObject[] {
  const objects = isJsonObject(document) ? document["nftables"] : undefined;
  return (Array.isArray(objects) ? objects : []).flatMap((object) => {
    const inner = isJsonObject(object) ? object[kind] : undefined;
    return isJsonObject(inner) ? [inner] : [];
  });
}
