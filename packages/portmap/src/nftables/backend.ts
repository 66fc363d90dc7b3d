import { CniError, ErrorCode } from "@cni-chain/core";
import { type ListedRule, type ListedTable, type Nftables, reconcile } from "@cni-chain/nft-ts";
import type { Family } from "iptables-wrapper";
import { type Backend, noAddresses, type Request } from "../backend.ts";
import { refuseHeld } from "../conflict.ts";
import { wantedForwards } from "../forwards.ts";
import { isLoopbackOpen, loopbackDifference, openLoopback } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { closeUnusedLoopback, isReached } from "./close-loopback.ts";
import { conflictTexts, findConflicts } from "./conflicts.ts";
import { ownRules } from "./desired.ts";
import { differences } from "./differences.ts";
import { guardChanges } from "./guard.ts";
import { nftFamily, table, tagOf } from "./names.ts";
import { isOwnOrUntagged, listedForwards, ownerOf, renamedTags } from "./owner.ts";
import { ownChanges, removal, sharedChanges } from "./plan.ts";

/** Longest comment of a rule, in bytes (NFTNL_UDATA_COMMENT_MAXLEN): the container ID has to fit. */
const longestContainerId = 128;

/** Host ports by nftables, as the reference plugin lays them. */
export function nftablesBackend(nftables: Nftables, host: Host): Backend {
  const { kernel } = host;
  return {
    masqueradesSubnet: false,
    tools: () => ["nft"],
    reaches: (device) => isReached(device, nftables, host),
    release: async (network, removed) =>
      closeUnusedLoopback(network, removed, await nftables.observe("ip", table), nftables, host),

    async probe(family) {
      return (await nftables.tableNames()).has(`${nftFamily(family)} ${table}`);
    },

    async add(request) {
      const { attachment, config, destination, warn } = request;
      const family = nftFamily(destination.family);
      const wanted = wantedForwards(config.portMappings, destination);
      requireShortId(request);
      const told = new Set<string>();
      await reconcile(nftables, {
        family,
        table,
        async plan(observed) {
          const conflicts = findConflicts(observed, attachment, wanted);
          const texts = conflictTexts(conflicts, attachment);
          if (texts.length > 0 && config.onConflict === "refuse") refuseHeld(texts);
          for (const text of texts.filter((text) => !told.has(text))) {
            told.add(text);
            warn(`${text}; it is taken over`);
          }
          const device = await request.loopbackDevice;
          const opened = device !== undefined && !isLoopbackOpen(kernel, device) ? device : undefined;
          return [
            ...sharedChanges(family, observed, config.snat),
            ...(device === undefined ? [] : guardChanges(observed, opened)),
            ...ownChanges(
              family,
              observed,
              attachment,
              ownRules(attachment, config, destination),
              texts.length > 0,
            ),
          ];
        },
      });
      const device = await request.loopbackDevice;
      if (device !== undefined) openLoopback(kernel, device);
    },

    async check({ attachment, config, destination, loopbackDevice }) {
      const family = nftFamily(destination.family);
      const [observed, device] = await Promise.all([nftables.observe(family, table), loopbackDevice]);
      const conflicts = findConflicts(observed, attachment, wantedForwards(config.portMappings, destination));
      const expected = {
        attachment,
        own: ownRules(attachment, config, destination),
        snat: config.snat,
        guarded: device !== undefined,
      };
      return [
        ...differences(family, observed, expected, conflicts),
        ...(device === undefined ? [] : loopbackDifference(kernel, device)),
      ];
    },

    remove(attachment, family, { addresses = noAddresses } = {}) {
      let renamed = new Set<number>();
      const isGone = (rule: ListedRule) => {
        const { containerId, network } = ownerOf(rule);
        const isRenamed = network !== undefined && renamed.has(network);
        return isOwnOrUntagged(rule, attachment) || (containerId === attachment.containerId && isRenamed);
      };
      return removeRules(attachment.network, family, isGone, async (observed) => {
        const forwards = listedForwards(observed);
        const isKnown = forwards.some(({ rule }) => isOwnOrUntagged(rule, attachment));
        const isCandidate = forwards.some(({ owner }) => owner.containerId === attachment.containerId);
        renamed = !isKnown && isCandidate ? renamedTags(forwards, attachment, await addresses()) : new Set();
      });
    },

    /** Rules without a tag could be any network's and stay. */
    collect(network, validContainers, family) {
      const isGone = (rule: ListedRule) => {
        const owner = ownerOf(rule);
        return owner.network === tagOf(network) && !validContainers.has(owner.containerId ?? "");
      };
      return removeRules(network, family, isGone);
    },
  };

  async function removeRules(
    network: string,
    family: Family,
    isGone: (rule: ListedRule) => boolean,
    look: (observed: ListedTable | undefined) => Promise<void> = async () => {},
  ) {
    const observed = await reconcile(nftables, {
      family: nftFamily(family),
      table,
      async plan(observed) {
        await look(observed);
        return removal(observed, isGone);
      },
    });
    const removed = listedForwards(observed)
      .filter(({ rule }) => isGone(rule))
      .map(({ forward }) => forward);
    if (family === "v4") await closeUnusedLoopback(network, removed, observed, nftables, host);
    return removed;
  }
}

function requireShortId({ attachment: { containerId } }: Request): void {
  if (containerId.length <= longestContainerId) return;
  throw new CniError(
    ErrorCode.invalidEnvironment,
    `CNI_CONTAINERID: ${containerId.length} characters; the nftables backend takes up to ${longestContainerId}, as nft does in a comment`,
  );
}
