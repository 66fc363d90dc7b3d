import { isJsonObject, parseAddress } from "@cni-chain/core";
import { type Command, parseIproute2Json, type Runner, runToSuccess } from "@cni-chain/exec";
import { inNetns } from "@cni-chain/ip-ts";
import { isLoopback } from "./addresses.ts";
import type { Family, Protocol } from "./packet.ts";
import { type Listener, parseListeners } from "./sockets.ts";

/** An address of a device, in canonical spelling. */
export interface DeviceAddress {
  readonly device: string;
  readonly address: string;
  /** With the length of its network's prefix. */
  readonly cidr: string;
  readonly family: Family;
  readonly scope: string;
  readonly isUp: boolean;
}

/** `ip -j addr show`, here or in a network namespace. Throws CommandError. */
export async function readAddresses(runner: Runner, netns?: string): Promise<readonly DeviceAddress[]> {
  const text = await runToSuccess(runner, within({ file: "ip", argv: ["-j", "addr", "show"] }, netns));
  return objectsIn(parseIproute2Json(text)).flatMap(({ ifname, flags, addr_info }) =>
    objectsIn(addr_info).flatMap(({ family, local, prefixlen, scope }) => {
      const parsed = parseAddress(String(local));
      if (parsed === undefined || (family !== "inet" && family !== "inet6")) return [];
      const cidr = `${parsed.address}/${Number(prefixlen)}`;
      const isUp = Array.isArray(flags) && flags.includes("UP");
      const { address } = parsed;
      return [{ device: String(ifname), address, cidr, family: parsed.family, scope: String(scope), isUp }];
    }),
  );
}

/** True for the node's own addresses; all of 127.0.0.0/8 is. */
export function localTest(addresses: readonly DeviceAddress[]): (address: string) => boolean {
  const own = new Set(addresses.map(({ address }) => address));
  return (address) => isLoopback(address) || own.has(parseAddress(address)?.address ?? "");
}

/** Where the kernel would send a packet; or its refusal, in the tool's words. */
export type Route =
  | {
      readonly kind: "route";
      readonly device: string;
      readonly source: string | undefined;
      readonly via: string | undefined;
    }
  | { readonly kind: "refused"; readonly reason: string };

export interface RouteQuestion {
  readonly to: string;
  readonly from?: string;
  readonly inDevice?: string;
  readonly mark?: number;
}

/**
 * Asks the kernel as `ip route get` does: for a packet that arrives by `inDevice`, or else for one of the node's own, or of
 * a pod's in its network namespace.
 */
export async function routeOf(
  runner: Runner,
  { to, from, inDevice, mark = 0 }: RouteQuestion,
  netns?: string,
): Promise<Route> {
  const argv = [
    ...["-j", "route", "get", to],
    ...(from === undefined ? [] : ["from", from]),
    ...(inDevice === undefined ? [] : ["iif", inDevice]),
    ...(mark === 0 ? [] : ["mark", String(mark)]),
  ];
  const result = await runner.run(within({ file: "ip", argv }, netns));
  if (result.kind !== "exited") return { kind: "refused", reason: "ip could not be run" };
  if (result.exitCode !== 0) return { kind: "refused", reason: refusal(result.stderr, to) };
  const [route] = objectsIn(parseIproute2Json(result.stdout));
  const { dev, prefsrc, gateway, type } = route ?? {};
  if (typeof dev !== "string")
    return { kind: "refused", reason: `no way there (${String(type ?? "unknown")})` };
  return {
    kind: "route",
    device: dev,
    source: typeof prefsrc === "string" ? prefsrc : undefined,
    via: typeof gateway === "string" ? gateway : undefined,
  };
}

/** What the kernel says where a route of a type that delivers nothing is the one it finds, rather than none. */
const routeTypes: Readonly<Record<string, string>> = {
  "Invalid argument": "blackhole",
  "No route to host": "unreachable",
  "Permission denied": "prohibit",
};

/** The kernel's words, and the type of route they are said for, behind which it says no more. */
function refusal(stderr: string, to: string): string {
  const words = stderr.trim().replace(/^RTNETLINK answers: /, "");
  const type = routeTypes[words];
  if (type === undefined) return words;
  return `${words}, as a route of type ${type} has it (ip ${to.includes(":") ? "-6 " : ""}route show type ${type})`;
}

/** State of a neighbour's entry, as `REACHABLE`; undefined where there is none. */
export async function neighbourState(
  runner: Runner,
  address: string,
  device: string,
): Promise<string | undefined> {
  const result = await runner.run({
    file: "ip",
    argv: ["-j", "neigh", "show", "to", address, "dev", device],
  });
  if (result.kind !== "exited" || result.exitCode !== 0) return undefined;
  const [entry] = objectsIn(parseIproute2Json(result.stdout.trim() === "" ? "[]" : result.stdout));
  const state = entry?.["state"];
  return Array.isArray(state) ? state.map(String).join(" ") : undefined;
}

/** Who listens on a protocol's ports, here or in a network namespace; undefined where that is not shown (SCTP). */
export async function readListeners(
  runner: Runner,
  protocol: Protocol,
  netns?: string,
): Promise<readonly Listener[] | undefined> {
  if (protocol === "sctp") return undefined;
  // Without IPv6 there is no second table: cat goes on, and its exit code says so.
  const argv = [`/proc/self/net/${protocol}`, `/proc/self/net/${protocol}6`];
  const result = await runner.run(within({ file: "cat", argv }, netns));
  if (result.kind !== "exited" || result.stdout === "") return undefined;
  return parseListeners(result.stdout);
}

function within(command: Command, netns: string | undefined): Command {
  return netns === undefined ? command : inNetns(netns, command);
}

function objectsIn(json: unknown) {
  return Array.isArray(json) ? json.filter((one: unknown) => isJsonObject(one)) : [];
}
