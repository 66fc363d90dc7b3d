import { CniError, ErrorCode } from "@cni-chain/core";
import {
  type Change,
  differences,
  type Family,
  type Iptables,
  jumpTarget,
  type Observed,
  reconcile,
  rulesOf,
  transaction,
} from "iptables-wrapper";
import { type Backend, noAddresses, type Request } from "../backend.ts";
import type { PortmapConfig } from "../config.ts";
import { wantedForwards } from "../forwards.ts";
import { isLoopbackOpen, loopbackDifference, openLoopback } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { chains, containerChain } from "./chains.ts";
import { chainsForClosing, closeUnusedLoopback, isReached } from "./close-loopback.ts";
import { collectStale } from "./collect.ts";
import { conflictText, findConflicts, refuse } from "./conflicts.ts";
import { desiredGuard } from "./guard.ts";
import { listedEntries, listedForwards } from "./listed-forwards.ts";
import { chainsForAdd, chainsForDel } from "./observe.ts";
import { orderDifferences } from "./order.ts";
import {
  absenceOf,
  amongShared,
  type ContainerRules,
  containerRules,
  desiredAbsence,
  desiredRules,
  removal,
} from "./plan.ts";
import { renamedChains } from "./renamed.ts";

/** Host ports by iptables, as the reference plugin lays them. */
export function iptablesBackend(iptables: Iptables, host: Host): Backend {
  const { kernel } = host;
  return {
    reaches: (device) => isReached(device, iptables, host),
    release: (network, removed) => closeUnusedLoopback(network, removed, iptables, host),

    ...(iptables.startAhead === undefined ? {} : { startAhead: iptables.startAhead }),
    masqueradesSubnet: true,
    tools: (family) => [family === "v4" ? "iptables-restore" : "ip6tables-restore"],

    async probe(family) {
      const guard = family === "v4" ? { raw: ["PREROUTING"] } : {};
      const looked = { ...guard, nat: ["PREROUTING", "OUTPUT", "POSTROUTING"] };
      const { nat = new Map() } = await iptables.observe(family, looked);
      return (rulesOf(nat, "PREROUTING") ?? []).some((rule) => jumpTarget(rule) === chains.dnat);
    },

    async add(request) {
      const { attachment, config, destination, warn } = request;
      const { family } = destination;
      const own = containerChain(attachment);
      const container = containerRules(attachment, config, destination);
      const wanted = wantedForwards(config.portMappings, destination);
      const told = new Set<string>();
      const tellOnce = (text: string) => {
        if (!told.has(text)) warn(text);
        told.add(text);
      };
      await reconcile(iptables, {
        family,
        chains: chainsForAdd(config, isGuarded(request)),
        // What a container's first ADD on a node in use comes to. To refuse, one has to look first.
        ...(config.onConflict === "replace" ? { guess: { nat: firstAdd(container) } } : {}),
        async plan({ raw = new Map(), nat: shared = new Map() }) {
          requireMarkChain(config, family, shared);
          const nat = await withOwnChain(iptables, family, shared, own);
          const conflicts = await findConflicts(iptables, family, nat, own, wanted);
          if (conflicts.length > 0 && config.onConflict === "refuse") refuse(conflicts);
          for (const text of new Set(conflicts.map(conflictText))) tellOnce(`${text}; it is taken over`);
          const device = await request.loopbackDevice;
          const opened = device !== undefined && !isLoopbackOpen(kernel, device) ? device : undefined;
          return {
            ...(device === undefined ? {} : { raw: transaction(raw, desiredGuard(opened)) }),
            nat: transaction(nat, amongShared(container, config, conflicts.length > 0)),
          };
        },
      });
      const device = await request.loopbackDevice;
      if (device !== undefined) openLoopback(kernel, device);
    },

    async check(request) {
      const { attachment, config, destination } = request;
      const { family } = destination;
      const own = containerChain(attachment);
      const asked = chainsForAdd(config, isGuarded(request));
      const { raw = new Map(), nat = new Map() } = await iptables.observe(
        family,
        { ...asked, nat: [...(asked.nat ?? []), own] },
        "exact",
      );
      const conflicts = await findConflicts(
        iptables,
        family,
        nat,
        own,
        wantedForwards(config.portMappings, destination),
      );
      const device = await request.loopbackDevice;
      const tool = family === "v4" ? "iptables" : "ip6tables";
      return [
        ...differences(nat, desiredRules(attachment, config, destination)).map(
          (line) => `${tool} nat: ${line}`,
        ),
        ...orderDifferences(nat, own, conflicts, config).map((line) => `${tool} nat: ${line}`),
        ...(device === undefined
          ? []
          : [
              ...differences(raw, desiredGuard(undefined)).map((line) => `${tool} raw: ${line}`),
              ...loopbackDifference(kernel, device),
            ]),
      ];
    },

    async remove(attachment, family, { addresses = noAddresses, config } = {}) {
      let renamed: Observed = new Map();
      const { before, after } = await reconcile(iptables, {
        family,
        chains: chainsForDel(attachment, family, (await iptables.tellsMissing?.(family)) ?? false),
        accuracy: "exact",
        ...(family === "v4" ? { andThen: chainsForClosing } : {}),
        ...(config === undefined ? {} : { guess: { nat: removal(attachment, config, family) } }),
        async plan({ nat: seen = new Map() }) {
          const nat = await withLegacySnat(iptables, family, seen);
          renamed = await renamedChains(iptables, family, nat, attachment, addresses);
          const gone = [desiredAbsence(attachment, nat), absenceOf([...renamed.keys()])];
          return { nat: gone.flatMap((desired) => transaction(new Map([...nat, ...renamed]), desired)) };
        },
      });
      const went = new Map([...(before.nat ?? []), ...renamed]);
      const names = [containerChain(attachment), ...renamed.keys()];
      const removed = names.flatMap((chain) => listedForwards(rulesOf(went, chain) ?? []));
      if (family === "v4") {
        const now = removed.length === 0 ? before : undefined;
        await closeUnusedLoopback(attachment.network, removed, iptables, host, after ?? now);
      }
      return removed;
    },

    async collect(network, validContainers, family) {
      const removed = await collectStale(iptables, family, network, validContainers);
      if (family === "v4") {
        const now = await iptables.observe(family, chainsForClosing, "exact");
        await closeUnusedLoopback(network, removed, iptables, host, now);
      }
      return removed;
    },
  };
}

/** The transaction where everything shared stands and nothing of the container's does. */
function firstAdd({ own, entries }: ContainerRules): Change[] {
  return transaction(new Map([[chains.dnat, { kind: "present", rules: [] }]]), {
    owned: [own],
    entries: [entries],
  });
}

/** IPv6 has no route_localnet; and without snat nothing from 127.0.0.1 could be answered. */
function isGuarded({ config, destination }: Request): boolean {
  return config.snat && destination.family === "v4";
}

/** Adds the container's own chain to what is known, where an entry says that it exists. */
async function withOwnChain(
  iptables: Iptables,
  family: Family,
  nat: Observed,
  own: string,
): Promise<Observed> {
  if (nat.has(own)) return nat;
  const entered = listedEntries(rulesOf(nat, chains.dnat) ?? []).some(({ chain }) => chain === own);
  if (!entered) return nat;
  const { nat: more = new Map() } = await iptables.observe(family, { nat: [own] }, "exact");
  return new Map([...nat, ...more]);
}

/** Adds the chain that plugins of 2017 shared to what is known, where it is entered. */
async function withLegacySnat(iptables: Iptables, family: Family, nat: Observed): Promise<Observed> {
  const isEntered = (rulesOf(nat, "POSTROUTING") ?? []).some(
    (rule) => jumpTarget(rule) === chains.legacySnat,
  );
  if (!isEntered) return nat;
  const { nat: more = new Map() } = await iptables.observe(family, { nat: [chains.legacySnat] }, "exact");
  return new Map([...nat, ...more]);
}

function requireMarkChain({ snat, marking }: PortmapConfig, family: Family, observed: Observed): void {
  if (!snat || marking.kind !== "chain" || observed.get(marking.chain)?.kind !== "absent") return;
  throw new CniError(
    ErrorCode.invalidConfig,
    `externalSetMarkChain: chain ${JSON.stringify(marking.chain)} does not exist in table nat of ${family === "v4" ? "iptables" : "ip6tables"}`,
    "Whoever owns the chain has to make it first; or leave externalSetMarkChain out, and portmap makes its own.",
  );
}
