import { type Capability, lackingCapabilities } from "@cni-chain/exec/requirements";
import { files } from "@cni-chain/libc";
import { nameSaid } from "../install/ask-plugin.ts";
import { misnamedIn } from "../install/misnamed.ts";
import { type Cache, type CachedAttachment, readCache } from "../libcni/cache.ts";
import { withNetnsState } from "../node/attachments.ts";
import { type ForwardsRead, readForwards } from "../node/forwards.ts";
import { networkAtOnce } from "../node/network-at-once.ts";
import { portRows } from "../node/rows.ts";
import { nodeTools } from "../node/tools.ts";
import { dryPorts } from "../plan/ports.ts";
import { toolPath, toolRunner } from "../repair/node-ports.ts";
import { evidenceOf, lookAround, nameOf } from "../repair/situation.ts";
import { checkAttachments } from "./check-attachments.ts";
import type { Facts, MisnamedFile, StaleEntry } from "./facts.ts";
import { attempt, type Known, whatIsKnown } from "./known.ts";
import { readDownDevices } from "./read-devices.ts";
import { readLoopback } from "./read-loopback.ts";
import { markUses, readNetworks } from "./read-networks.ts";
import { askStatuses } from "./read-statuses.ts";
import { readTables } from "./read-tables.ts";
import { readTools } from "./read-tools.ts";
import { backendsOf } from "./wanted-backends.ts";

export interface Places {
  readonly confDir: string;
  readonly pluginDirs: readonly string[];
  readonly cacheDir: string;
}

const needed: readonly Capability[] = ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"];

/**
 * Reads the node once for all checks: what takes processes side by side, and meanwhile what this one can tell. Changes
 * nothing; `step` is told what is being read.
 */
export async function readFacts(places: Places, step: (text: string) => void): Promise<Facts> {
  const { confDir, pluginDirs, cacheDir } = places;
  const path = toolPath();
  const runner = toolRunner(path);
  const lacking = lackingCapabilities(files.readText("/proc/self/status"), needed);
  // The kernel would answer as if there were nothing.
  const asRoot = <T>(read: () => Promise<T>): Promise<Known<T>> =>
    lacking.length === 0
      ? attempt(read)
      : Promise.resolve({ known: false, why: `${lacking.join(" and ")} missing` });
  step("rules, tools and networks");
  const reading = { tables: asRoot(() => readTables(runner, path)), tools: readTools(runner, path) };
  const forwards = asRoot(() => readForwards(nodeTools()));
  const networks = await attempt(() => readNetworks(confDir, pluginDirs));
  const misnamed = attempt(() => readMisnamed(pluginDirs));
  const lists = networks.known ? networks.value.lists : [];
  const statuses = asRoot(async () => {
    const { host, network } = dryPorts(runner, path, []);
    // What STATUS asks of tools changes nothing; a dry run would take some of it for a change, and not ask.
    return askStatuses(lists, { network, host: { ...host, runner } });
  });
  const backends = backendsOf(lists, path);
  const cache = await attempt(() => readCache(cacheDir));
  step("attachments");
  const { host, network } = dryPorts(runner, path, []);
  const seen = { host, network: networkAtOnce(network, host.netlink) };
  const situation = await asRoot(() => lookAround(seen, whatIsKnown(cache), () => {}));
  const downDevices = await asRoot(async () =>
    readDownDevices(whatIsKnown(situation).living, seen.network.links),
  );
  const attachments = await asRoot(async () =>
    situation.known ? checkAttachments(situation.value.living, seen, step) : [],
  );
  step("rules");
  const tables = await reading.tables;
  return {
    ...places,
    lacking,
    tools: await reading.tools,
    networks: networks.known ? { known: true, value: networks.value.files } : networks,
    misnamed: await misnamed,
    statuses: await statuses,
    marks: markUses(lists),
    tables,
    ports: await portsOf(await forwards, cache),
    backends: await backends,
    situation,
    downDevices,
    attachments,
    stale: cache.known ? { known: true, value: staleIn(cache.value.attachments) } : cache,
    cacheProblems: cache.known ? { known: true, value: cache.value.problems } : cache,
    loopback: await asRoot(() => readLoopback(tables.known ? tables.value : [], runner)),
  };
}

/** Plugins that are not what their names say, directory by directory. */
async function readMisnamed(pluginDirs: readonly string[]): Promise<readonly MisnamedFile[]> {
  const ask = nameSaid();
  const found = await Promise.all(
    pluginDirs.map(async (directory) =>
      (await misnamedIn(directory, ask)).map((one) => ({ directory, ...one })),
    ),
  );
  return found.flat();
}

function portsOf(forwards: Known<ForwardsRead>, cache: Known<Cache>): Promise<Facts["ports"]> {
  return attempt(() => {
    const { forwards: found, problems } = whatIsKnown(forwards);
    return { rows: portRows(found, withNetnsState(whatIsKnown(cache).attachments)), problems };
  });
}

/** Attachments whose network namespace is gone: nobody has come to take them out of the cache. */
function staleIn(attachments: readonly CachedAttachment[]): readonly StaleEntry[] {
  const { netnsOf } = evidenceOf(attachments, () => undefined);
  return attachments
    .filter((attachment) => netnsOf(attachment) === "gone")
    .map((attachment) => {
      const { network, file, netns = "" } = attachment;
      return { name: nameOf({ attachment }), network, file, netns };
    });
}
