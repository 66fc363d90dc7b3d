import { dirname } from "node:path";
import { Failure } from "../failure.ts";
import { type CachedAttachment, readCache } from "./cache.ts";
import { type ConfList, loadConfList, withFolder } from "./conf-list.ts";
import { parseConfList } from "./parse-conf-list.ts";
import { isNetns, isSameNetns } from "./sandbox.ts";
import { netnsOf, type TargetWords } from "./target-options.ts";

/** What is asked: a network, and as much as is known of the attachment. */
export interface Wanted extends TargetWords {
  readonly network: string;
  readonly confDir: string;
  readonly cacheDir: string;
  /** The configuration as it is now, not as it was at ADD. */
  readonly currentConfig?: boolean | undefined;
}

/** The list to call with, and the attachment's entry, if the cache has one. */
export interface Found {
  readonly list: ConfList;
  readonly cached: CachedAttachment | undefined;
  /** The configuration in place is another than that of ADD, which is used. */
  readonly configChanged: boolean;
}

/**
 * Looks an attachment up in the cache. Its configuration is that of its ADD, as the specification wants it for CHECK and DEL; so
 * a network can be taken back whose file is gone. Throws Failure where the cache has several that may be meant.
 */
export async function findAttachment(wanted: Wanted): Promise<Found> {
  const { confDir, cacheDir } = wanted;
  const loaded = await attempt(() => loadConfList(wanted.network, { confDir }));
  const network = loaded.ok ? loaded.value.name : wanted.network;
  const cached = only(network, await candidates(network, wanted, cacheDir));
  if (cached === undefined || cached.configText === "" || (wanted.currentConfig === true && loaded.ok)) {
    if (!loaded.ok) throw loaded.failure;
    return { list: loaded.value, cached, configChanged: false };
  }
  const folder = loaded.ok && loaded.value.file !== undefined ? dirname(loaded.value.file) : confDir;
  const configChanged = loaded.ok && loaded.value.text !== cached.configText;
  return { list: withFolder(parseConfList(cached.configText), folder), cached, configChanged };
}

/** CNI_NETNS at DEL: empty for a namespace that is gone, as the specification has it. */
export function netnsIfStands(path: string | undefined): string {
  return path !== undefined && isNetns(path) ? path : "";
}

async function candidates(network: string, wanted: Wanted, cacheDir: string) {
  const { id, ifname } = wanted;
  const path = netnsOf(wanted);
  const { attachments } = await readCache(cacheDir);
  return attachments.filter(
    (one) =>
      one.network === network &&
      (id === undefined || one.containerId === id) &&
      (ifname === undefined || one.ifname === ifname) &&
      // With an ID a namespace is an instruction, without one it is what the attachment is known by.
      (id !== undefined || path === undefined || isThere(one, path)),
  );
}

function isThere({ netns }: CachedAttachment, path: string): boolean {
  return netns !== undefined && (netns === path || isSameNetns(netns, path));
}

function only(network: string, found: readonly CachedAttachment[]): CachedAttachment | undefined {
  if (found.length <= 1) return found[0];
  throw new Failure(
    `the cache has ${found.length} attachments to ${network}: say which`,
    found
      .slice(0, 20)
      .map(({ containerId, ifname, netns = "" }) => `--id ${containerId} --ifname ${ifname}  ${netns}`),
  );
}

type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, failure: error };
    throw error;
  }
}
