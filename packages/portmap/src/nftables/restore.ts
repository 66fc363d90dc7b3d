import { type Change, type ListedRule, type ListedTable, type Nftables, reconcile } from "@cni-chain/nft-ts";
import type { Request } from "../backend.ts";
import { overlap, wantedForwards } from "../forwards.ts";
import { devicesToMark, isLoopbackOpen, openLoopback } from "../loopback.ts";
import { loopbackDevicesOf } from "../request.ts";
import { type Presence, type Restorer, type Standing, toWrite } from "../restorer.ts";
import type { Host } from "../tools.ts";
import { type OwnRules, ownRules } from "./desired.ts";
import { guardChanges } from "./guard.ts";
import { findMade } from "./made-as.ts";
import { chains, table as name, nftFamily, tagOf } from "./names.ts";
import { listedForwards, ownerOf, rulesIn } from "./owner.ts";
import { ownChanges, removal, sharedChanges } from "./plan.ts";

/** The rules of many containers by nftables: a process for a look, another for the transaction. */
export function nftablesRestorer(nftables: Nftables, { kernel }: Pick<Host, "kernel">): Restorer {
  /** The guard itself, and the devices to be marked in it. */
  const guardedFor = (table: ListedTable | undefined, devices: readonly string[]) =>
    devices.length === 0
      ? []
      : [undefined, ...devicesToMark(kernel, devices, rulesIn(table, chains.guard).length === 0)];
  return {
    mayHold: async (family) => (await nftables.tableNames()).has(`${nftFamily(family)} ${name}`),

    async look(family, requests) {
      const table = await nftables.observe(nftFamily(family), name);
      const devices = await loopbackDevicesOf(requests);
      const closed = new Set(devices.filter((device) => !isLoopbackOpen(kernel, device)));
      const shared = sharedOf(table, requests, devices.length > 0 ? [undefined] : []);
      const presence = requests.map(async (request) => {
        const device = await request.loopbackDevice;
        const found = presenceIn(table, request);
        return found === "whole" && device !== undefined && closed.has(device) ? "partly" : found;
      });
      return {
        presence: await Promise.all(presence),
        sharedIsWhole: requests.length === 0 || shared.length === 0,
        standing: standingIn(table),
      };
    },

    async restore(family, requests, gone) {
      const devices = await loopbackDevicesOf(requests);
      const isGone = (rule: ListedRule) => gone.has(keyOf(rule));
      const observed = await reconcile(nftables, {
        family: nftFamily(family),
        table: name,
        plan: (table) => [
          ...(requests.length === 0 ? [] : sharedOf(table, requests, guardedFor(table, devices))),
          ...containersOf(table, requests),
          ...removal(table, isGone),
        ],
      });
      for (const device of devices) openLoopback(kernel, device);
      return listedForwards(observed)
        .filter(({ rule }) => isGone(rule))
        .map(({ forward }) => forward);
    },
  };
}

/** What all of them share, once; the guard with a mark for each device that is about to be opened. */
function sharedOf(
  table: ListedTable | undefined,
  requests: readonly Request[],
  guarded: readonly (string | undefined)[],
): Change[] {
  const [first] = requests;
  if (first === undefined) return [];
  const snat = requests.some(({ config }) => config.snat);
  const changes = [
    ...sharedChanges(nftFamily(first.destination.family), table, snat),
    ...guarded.flatMap((device) => guardChanges(table, device)),
  ];
  return [...new Map(changes.map((change) => [JSON.stringify(change), change])).values()];
}

/** The own rules of each that lacks any, the newest in front. What the reference plugin has made is as good. */
function containersOf(table: ListedTable | undefined, requests: readonly Request[]): Change[] {
  const isMissing = requests.map((request) => presenceIn(table, request) !== "whole");
  const afresh = toWrite(
    requests.map(({ config, destination }, at) => ({
      isMissing: isMissing[at] === true,
      forwards: wantedForwards(config.portMappings, destination),
    })),
    overlap,
  );
  return requests
    .flatMap((request, at) => (afresh[at] === true ? [request] : []))
    .toReversed()
    .flatMap((request) => {
      const { attachment, destination } = request;
      return ownChanges(nftFamily(destination.family), table, attachment, rulesFor(request), true);
    });
}

function presenceIn(table: ListedTable | undefined, request: Request): Presence {
  const wanted = rulesFor(request);
  const family = nftFamily(request.destination.family);
  const found = ([chain, rules]: readonly [string, OwnRules["mappings"]]) =>
    findMade(family, rules, rulesIn(table, chain)).map((rule) => rule !== undefined);
  const all = [
    [chains.mappings, wanted.mappings] as const,
    [chains.masquerade, wanted.masquerade] as const,
  ].flatMap(found);
  if (all.every((one) => one)) return "whole";
  return all.some((one) => one) ? "partly" : "absent";
}

function rulesFor({ attachment, config, destination }: Request): OwnRules {
  return ownRules(attachment, config, destination);
}

function keyOf(rule: ListedRule): string {
  const { containerId, network } = ownerOf(rule);
  return `${network ?? ""} ${containerId ?? ""}`;
}

function standingIn(table: ListedTable | undefined): Standing[] {
  const all = listedForwards(table).filter(({ owner }) => owner.containerId !== undefined);
  const byKey = Map.groupBy(all, ({ rule }) => keyOf(rule));
  return [...byKey].flatMap(([key, forwards]) => {
    const [first] = forwards;
    if (first === undefined) return [];
    const { containerId, network: tag } = first.owner;
    return [
      {
        key,
        containerId,
        isOf: (attachment) =>
          attachment.containerId === containerId && (tag === undefined || tagOf(attachment.network) === tag),
        forwards: forwards.map(({ forward }) => forward),
      },
    ];
  });
}
