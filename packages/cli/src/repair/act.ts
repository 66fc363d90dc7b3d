import { clearVeths, type Network } from "@cni-chain/bandwidth/restore";
import { endFlowsMadeMeanwhile, type Forward, releaseLoopback } from "@cni-chain/portmap/restore";
import type { OrphanIfb } from "./ifbs.ts";
import { type LimitLook, lookAtLimits } from "./limits.ts";
import type { NodePorts } from "./node-ports.ts";
import type { RuleLook } from "./rules.ts";
import type { Situation } from "./situation.ts";
import { type Item, limitsOf, placeOf, rulesOf } from "./work.ts";

/** A piece of work, done or failed. */
export interface Deed {
  readonly item: Item;
  /** Why it was not done. */
  readonly failure?: string;
}

type Warn = (text: string) => void;

/**
 * Does the work: the rules of all attachments in one transaction a family, the limits of all in one batch of links and one of
 * qdiscs. What fails together is tried one by one, so that one attachment cannot keep the others from being restored.
 */
export async function act(
  ports: NodePorts,
  situation: Situation,
  items: readonly Item[],
  warn: Warn,
): Promise<readonly Deed[]> {
  const failures = new Map<string, string>();
  const failed = (key: string, error: unknown) => {
    failures.set(key, error instanceof Error ? error.message : String(error));
  };
  for (const look of situation.rules) await restoreRules(ports, situation, look, items, failed, warn);
  await restoreLimits(ports.network, situation, items, failed);
  await removeIfbs(
    ports.network,
    items.flatMap((item) => (item.kind === "orphanIfb" ? [item.orphan] : [])),
    failed,
  );
  return items.map((item) => {
    const failure = failures.get(item.key);
    return failure === undefined ? { item } : { item, failure };
  });
}

type Failed = (key: string, error: unknown) => void;

async function restoreRules(
  { host }: NodePorts,
  { rules }: Situation,
  look: RuleLook,
  items: readonly Item[],
  failed: Failed,
  warn: Warn,
): Promise<void> {
  const { backend, family, restorer, wanted } = look;
  const orphans = items.flatMap((item) =>
    item.kind === "orphanRules" && item.orphan.look === look ? [{ key: item.key, orphan: item.orphan }] : [],
  );
  const lacking = items.filter(
    (item) =>
      (item.kind === "shared" && item.look === look) ||
      (item.kind === "attachment" &&
        rulesOf(item.subject, rules).some((one) => one.look === look && one.presence !== "whole")),
  );
  if (orphans.length === 0 && lacking.length === 0) return;
  // Those that stand are given, too: they have to keep their place among those that are restored.
  const chosen =
    lacking.length === 0
      ? []
      : wanted.filter(({ subject }, at) => {
          const isStanding = look.look.presence[at] === "whole";
          return isStanding || lacking.some((item) => item.kind === "attachment" && item.subject === subject);
        });
  const requests = chosen.map(({ request }) => request);
  const gone = new Set(orphans.map(({ orphan }) => orphan.standing.key));
  let removed: readonly Forward[] = [];
  try {
    removed = await restorer.restore(family, requests, gone);
  } catch (error) {
    if (requests.length + gone.size < 2) {
      for (const { key } of [...lacking, ...orphans]) failed(key, error);
      return;
    }
    for (const { request, subject } of chosen.toReversed()) {
      await restorer.restore(family, [request], new Set()).catch((reason: unknown) => {
        failed(subject.attachment.file, reason);
      });
    }
    for (const { key, orphan } of orphans) {
      await restorer.restore(family, [], new Set([orphan.standing.key])).catch((reason: unknown) => {
        failed(key, reason);
      });
    }
  }
  await endFlowsMadeMeanwhile(family, requests, host, warn);
  if (family === "v4" && removed.length > 0) {
    await releaseLoopback(backend, removed, host).catch((error: unknown) =>
      warn(
        `${placeOf(look)}: the way from 127.0.0.1 stays open: ${error instanceof Error ? error.message : String(error)}`,
      ),
    );
  }
}

async function restoreLimits(
  network: Network,
  situation: Situation,
  items: readonly Item[],
  failed: Failed,
): Promise<void> {
  const lacking = items
    .flatMap((item) => (item.kind === "attachment" ? limitsOf(item.subject, situation.limits) : []))
    .filter(({ loss }) => loss.differences.length > 0);
  try {
    await carryOut(network, lacking);
  } catch {
    for (const { subject } of lacking) {
      // What went before the failure stays made: a new look tells what is still to be done.
      const again = await lookAtLimits([subject], network, (_, text) =>
        failed(subject.attachment.file, text),
      );
      for (const look of again.filter(({ loss }) => loss.differences.length > 0)) {
        await carryOut(network, [look]).catch((reason: unknown) => failed(subject.attachment.file, reason));
      }
    }
  }
}

async function carryOut(network: Network, looks: readonly LimitLook[]): Promise<void> {
  const plans = looks.map(({ loss }) => loss.plan);
  const links = plans.flatMap((plan) => plan.links);
  if (links.length > 0) await network.links.change(links);
  await network.tc.change(plans.flatMap((plan) => plan.tc));
}

async function removeIfbs(network: Network, orphans: readonly OrphanIfb[], failed: Failed): Promise<void> {
  if (orphans.length === 0) return;
  const veths = orphans.flatMap(({ ifb, veths }) => veths.map((one) => ({ ...one, ifb })));
  const errors: unknown[] = [...(await clearVeths(network.tc, veths))];
  await network.links.deleteAll(orphans.map(({ ifb }) => ifb)).catch((error: unknown) => errors.push(error));
  // Which of them it was is in the words of the error.
  for (const error of errors) for (const { ifb } of orphans) failed(ifb, error);
}
