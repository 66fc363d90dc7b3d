import {
  type Change,
  type Desired,
  type Family,
  type Iptables,
  jumpTarget,
  type Observed,
  reconcile,
  rulesOf,
  transaction,
} from "iptables-wrapper";
import type { Request } from "../backend.ts";
import { overlap, wantedForwards } from "../forwards.ts";
import { devicesToMark, isLoopbackOpen, openLoopback } from "../loopback.ts";
import { loopbackDevicesOf } from "../request.ts";
import { type Presence, type Restorer, type Standing, toWrite } from "../restorer.ts";
import type { Host } from "../tools.ts";
import { chains, containerChain } from "./chains.ts";
import { desiredGuard } from "./guard.ts";
import { isOthers, listedEntries, listedForwards } from "./listed-forwards.ts";
import { together } from "./merge.ts";
import { chainsForAdd } from "./observe.ts";
import { absenceOf, desiredRules } from "./plan.ts";

/** The rules of many containers by iptables: two processes for a look, a third for the transaction. */
export function iptablesRestorer(
  iptables: Iptables,
  { kernel }: Pick<Host, "kernel">,
  mayHold: Restorer["mayHold"],
): Restorer {
  /** Behind the shared chains those of containers: the ones that are entered, and then as many as are there. */
  async function withOwnChains(
    family: Family,
    requests: readonly Request[],
    nat: Observed,
    accuracy?: "exact",
  ): Promise<Observed> {
    const entered = listedEntries(rulesOf(nat, chains.dnat) ?? []).map(({ chain }) => chain);
    const own = requests.map(({ attachment }) => containerChain(attachment));
    const names = [...new Set([...entered, ...own])];
    if (names.length === 0) return nat;
    const { nat: more = new Map() } = await iptables.observe(family, { nat: names }, accuracy);
    return new Map([...nat, ...more]);
  }

  return {
    mayHold,

    async look(family, requests) {
      const devices = await loopbackDevicesOf(requests);
      const looked = sharedChains(requests, devices);
      const { raw = new Map(), nat: shared = new Map() } = await iptables.observe(family, looked, "exact");
      const nat = await withOwnChains(family, requests, shared);
      const closed = new Set(devices.filter((device) => !isLoopbackOpen(kernel, device)));
      const ofContainers = new Set(requests.map(({ attachment }) => containerChain(attachment)));
      const found = presenceOf(nat, requests);
      const changes = [
        ...transaction(nat, restoredRules(requests, found, new Set())),
        ...(devices.length === 0 ? [] : transaction(raw, desiredGuard(undefined))),
      ];
      return {
        presence: await Promise.all(
          requests.map(async ({ loopbackDevice }, at) => {
            const device = await loopbackDevice;
            const presence = found[at] ?? "absent";
            return presence === "whole" && device !== undefined && closed.has(device) ? "partly" : presence;
          }),
        ),
        sharedIsWhole: changes.every((change) => ofContainers.has(containerOf(change) ?? "")),
        standing: standingIn(nat),
      };
    },

    async restore(family, requests, gone) {
      const devices = await loopbackDevicesOf(requests);
      let seen: Observed = new Map();
      let accuracy: "exact" | undefined;
      await reconcile(iptables, {
        family,
        chains: sharedChains(requests, devices),
        accuracy: "exact",
        async plan({ raw = new Map(), nat: shared = new Map() }) {
          seen = await withOwnChains(family, requests, shared, accuracy);
          accuracy = "exact";
          const isGuardLost =
            raw.get(chains.guard)?.kind === "absent" || rulesOf(raw, chains.guard)?.length === 0;
          const opened = devicesToMark(kernel, devices, isGuardLost);
          const guards = [undefined, ...opened].map(desiredGuard);
          return {
            ...(devices.length === 0 ? {} : { raw: transaction(raw, together(guards)) }),
            nat: transaction(seen, restoredRules(requests, presenceOf(seen, requests), gone)),
          };
        },
      });
      for (const device of devices) openLoopback(kernel, device);
      return [...gone].flatMap((chain) => listedForwards(rulesOf(seen, chain) ?? []));
    },
  };
}

/** What the table comes to: all of the requests', the newest in front, and nothing of those that are gone. */
function restoredRules(
  requests: readonly Request[],
  presence: readonly Presence[],
  gone: ReadonlySet<string>,
): Desired {
  const afresh = toWrite(
    requests.map(({ config, destination }, at) => ({
      isMissing: presence[at] !== "whole",
      forwards: wantedForwards(config.portMappings, destination),
    })),
    overlap,
  );
  // The last that is inserted in front is the first that is met.
  const wanted = requests.map(({ attachment, config, destination }, at) =>
    desiredRules(attachment, config, destination, afresh[at]),
  );
  return together([...wanted.toReversed(), absenceOf([...gone])]);
}

function presenceOf(nat: Observed, requests: readonly Request[]): Presence[] {
  return requests.map((request) => presenceIn(nat, request));
}

function presenceIn(nat: Observed, { attachment, config, destination }: Request): Presence {
  const own = containerChain(attachment);
  const isEntered = (rulesOf(nat, chains.dnat) ?? []).some((rule) => jumpTarget(rule) === own);
  if (!isEntered && (rulesOf(nat, own) ?? []).length === 0) return "absent";
  const changes = transaction(nat, desiredRules(attachment, config, destination));
  return changes.some((change) => containerOf(change) === own) ? "partly" : "whole";
}

/** The container's chain that a change is about, in it or leading there. */
function containerOf(change: Change): string | undefined {
  if (change.chain.startsWith("CNI-DN-")) return change.chain;
  if (change.kind === "deleteRule") return jumpTarget(change.rule);
  if (change.kind !== "append" && change.kind !== "insertFirst") return undefined;
  const { target } = change.rule;
  return target.kind === "jump" ? target.to : undefined;
}

type OwnerName = Parameters<Standing["isOf"]>[0];

function standingIn(nat: Observed): Standing[] {
  const entries = listedEntries(rulesOf(nat, chains.dnat) ?? []).filter((entry) => !isOthers(entry));
  // Each chain is compared with all attachments: their names are worth being made once.
  const names = new WeakMap<OwnerName, string>();
  const nameOf = (owner: OwnerName) => {
    const name = names.get(owner) ?? containerChain({ ifname: "", ...owner });
    names.set(owner, name);
    return name;
  };
  return [...Map.groupBy(entries, ({ chain }) => chain)].map(([chain, [first]]) => ({
    key: chain,
    containerId: first?.owner?.containerId,
    isOf: (attachment) => nameOf(attachment) === chain,
    forwards: listedForwards(rulesOf(nat, chain) ?? []),
  }));
}

/** Every chain an ADD of any of them looks at. */
function sharedChains(requests: readonly Request[], devices: readonly string[]) {
  const each = requests.map(({ config }) => chainsForAdd(config, devices.length > 0));
  const nat = new Set([chains.dnat, ...each.flatMap((asked) => asked.nat ?? [])]);
  const raw = new Set(each.flatMap((asked) => asked.raw ?? []));
  return { ...(raw.size === 0 ? {} : { raw: [...raw] }), nat: [...nat] };
}
