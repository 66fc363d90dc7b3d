import { ifbName } from "@cni-chain/bandwidth/names";
import type { Link, Links } from "@cni-chain/ip-ts";
import { nameOf } from "../repair/situation.ts";
import type { Subject } from "../repair/subjects.ts";
import type { DownDevice } from "./facts.ts";

/**
 * Devices of the node that nothing passes, with the attachments behind them: those that the plugins before ours have
 * reported, and the bridges these belong to.
 */
export async function readDownDevices(
  subjects: readonly Subject[],
  links: Links,
): Promise<readonly DownDevice[]> {
  const reported = subjects.map((subject) => ({ subject, names: hostDevices(subject) }));
  const found = await links.observe([...new Set(reported.flatMap(({ names }) => names))]);
  const masters = [...found.values()].flatMap(({ master }) => master ?? []);
  const known = new Map([...found, ...(await links.observe([...new Set(masters)]))]);
  const down = new Map<string, Omit<DownDevice, "behind"> & { readonly behind: string[] }>();
  for (const { subject, names } of reported) {
    const own = names.flatMap((name) => known.get(name) ?? []);
    const way = new Set([...own, ...own.flatMap(({ master }) => known.get(master ?? "") ?? [])]);
    const bridge = own.find(({ kind }) => kind === "bridge")?.name;
    for (const link of way) {
      const fault = faultOf(link, bridge);
      if (fault === undefined) continue;
      const { ifname, netns = "" } = subject.attachment;
      const entry = down.get(link.name) ?? { device: link.name, fault, bridge, ifname, netns, behind: [] };
      down.set(link.name, entry);
      entry.behind.push(nameOf(subject));
    }
  }
  return [...down.values()];
}

/** A bridge has no carrier where none of its ports has; a veth has none while its other end is down. */
function faultOf(
  { up, flags, kind, master }: Link,
  bridge: string | undefined,
): DownDevice["fault"] | undefined {
  if (!up) return "down";
  if (kind !== "veth") return undefined;
  if (!flags.includes("LOWER_UP")) return "no carrier";
  return bridge !== undefined && master === undefined ? "no port" : undefined;
}

/** Those without sandbox in prevResult, but for our ifb: what becomes of that is a matter of bandwidth's CHECK. */
function hostDevices({ attachment, portmap, bandwidth }: Subject): readonly string[] {
  const ifb = ifbName(attachment);
  const [call] = [...portmap, ...bandwidth];
  return (call?.prevResult?.interfaces ?? [])
    .filter(({ name, sandbox = "" }) => sandbox === "" && name !== ifb)
    .map(({ name }) => name);
}
