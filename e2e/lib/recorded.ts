import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginConf, ResultDocument } from "./cni.ts";
import type { Node } from "./node.ts";

/** A call of a plugin as a real runtime made it, and the reference plugin's answer. */
export interface RecordedCall {
  /** Name of the file, without `.json`. */
  readonly name: string;
  readonly runtime: string;
  readonly plugin: string;
  readonly command: "ADD" | "CHECK" | "DEL" | "VERSION";
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: PluginConf & { readonly prevResult?: ResultDocument };
  /** Parsed; an empty string if there was no output. */
  readonly stdout: unknown;
  readonly exit: number;
}

const folder = join(import.meta.dirname, "..", "fixtures", "calls");

export function recordedCalls(): readonly RecordedCall[] {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return files.map((file) => ({
    ...JSON.parse(readFileSync(join(folder, file), "utf8")),
    name: file.replace(/\.json$/, ""),
  }));
}

/**
 * Makes the links, addresses and namespace that a recorded result speaks of: the pod's namespace under its very
 * path, the veth pair with its names and hardware addresses, the bridge. What chained plugins made is left out.
 */
export async function rebuild(node: Node, netns: string, result: ResultDocument): Promise<void> {
  const pod = await node.addPod(netns.replace(/^\/run\/netns\//, ""));
  const interfaces = result.interfaces ?? [];
  const inPod = interfaces.find(({ sandbox }) => sandbox !== undefined && sandbox !== "");
  if (inPod === undefined || inPod.name === "lo") return;
  const [bridge, veth] = interfaces.filter(({ sandbox }) => sandbox === undefined);
  if (bridge === undefined || veth === undefined) throw new Error("the result has no bridge and veth");
  const ips = result.ips ?? [];
  await node.ip(
    `link add ${bridge.name} address ${bridge.mac} type bridge`,
    ...ips.map(
      ({ address, gateway }) => `address add ${gateway}/${address.split("/")[1]} dev ${bridge.name}`,
    ),
    `link set ${bridge.name} up`,
    `link add ${veth.name} address ${veth.mac} type veth peer name ${inPod.name} address ${inPod.mac} netns ${pod.name}`,
    `link set ${veth.name} master ${bridge.name}`,
    `link set ${veth.name} up`,
  );
  await pod.ip(
    ...ips.map(({ address }) => `address add ${address} dev ${inPod.name}`),
    `link set ${inPod.name} up`,
    ...ips.map(({ gateway }) => `route add default via ${gateway}`),
  );
}

/** The ADD that must have come before a recorded CHECK or DEL: recorded itself, or told from the CHECK's document. */
export function addBefore(call: RecordedCall, all: readonly RecordedCall[]): RecordedCall | undefined {
  const recorded = all.find(
    ({ command, plugin, env }) =>
      command === "ADD" && plugin === call.plugin && env["CNI_CONTAINERID"] === call.env["CNI_CONTAINERID"],
  );
  if (recorded !== undefined) return recorded;
  if (call.stdin.prevResult === undefined) return undefined;
  const { prevResult } = call.stdin;
  const interfaces = (prevResult.interfaces ?? []).filter(({ name }) => !name.startsWith("bwp"));
  return {
    ...call,
    command: "ADD",
    env: { ...call.env, CNI_COMMAND: "ADD" },
    stdin: { ...call.stdin, prevResult: { ...prevResult, interfaces } },
  };
}
