import { files } from "@cni-chain/libc";
import {
  type Exchange,
  exchangeOver,
  NetlinkError,
  nfGeneration,
  type OpenSocket,
  routeGroup,
} from "@cni-chain/netlink";
import { netlinkListener } from "@cni-chain/netlink/bun";
import type { OwnSockets } from "./own-sockets.ts";

/** What of the node may have changed: rules and the settings that go with them; links with their qdiscs and filters. */
export interface Scope {
  readonly rules: boolean;
  readonly limits: boolean;
}

/** Tells whether a look may find something new. A question costs some 30 µs and no process. */
export interface Alarm {
  /** What may have been changed since the last question. */
  rang(): Scope;
  close(): void;
}

/** Milliseconds between looks at what tells nothing of its changes: rules of iptables-legacy. */
const legacyMs = 1000;
/** The same for anything that no alarm was thought of for. */
const anywayMs = 30_000;

/**
 * nf_tables counts its transactions, links and qdiscs announce their changes; iptables-legacy does neither, so where it has
 * rules there is a look every second. `watchedFiles`: settings that are read each time.
 */
export function nodeAlarm(
  own: OwnSockets | undefined,
  watchedFiles: () => readonly string[],
  now: () => number,
): Alarm {
  const listener = orUndefined(() => netlinkListener([routeGroup.link, routeGroup.trafficControl]));
  const counter = ruleCounter(own?.open);
  let rules = "";
  let [wholeMs, blindMs] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return {
    rang() {
      const generation = counter.count();
      const before = rules;
      rules = `${generation} ${watchedFiles().map(textOf).join(" ")}`;
      const limits = listener?.heard(own?.ports) ?? false;
      own?.forget();
      const isWhole = now() - wholeMs >= anywayMs;
      const isBlind = now() - blindMs >= legacyMs;
      if (isWhole) wholeMs = now();
      if (isBlind) blindMs = now();
      return {
        rules: isWhole || rules !== before || (isBlind && !isCounted(generation)),
        limits: isWhole || limits || (isBlind && listener === undefined),
      };
    },
    close() {
      listener?.close();
      counter.close();
    },
  };
}

/** False where rules may change without a trace. */
function isCounted(generation: string | undefined): boolean {
  const isLegacy = ["ip", "ip6"].some((ip) => /^(?:nat|raw)$/m.test(textOf(`/proc/net/${ip}_tables_names`)));
  return !isLegacy && generation !== undefined;
}

function ruleCounter(open: OpenSocket | undefined): { count(): string | undefined; close(): void } {
  const socket = orUndefined(() => open?.(undefined, "netfilter"));
  const exchange: Exchange | undefined = socket && exchangeOver(socket);
  return {
    count: () => exchange && orUndefined(() => nfGeneration(exchange)),
    close: () => socket?.close(),
  };
}

/** A kernel without nf_tables, or one that lets nobody listen: there is a look every second then. */
function orUndefined<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof NetlinkError) return undefined;
    throw error;
  }
}

/** Asked several times a second: nothing is to be left for the collector. */
const buffer = new Uint8Array(4096);
const decoder = new TextDecoder();

function textOf(file: string): string {
  try {
    const descriptor = files.open(file);
    try {
      return decoder.decode(buffer.subarray(0, files.read(descriptor, buffer) ?? 0));
    } finally {
      files.close(descriptor);
    }
  } catch {
    return "";
  }
}
