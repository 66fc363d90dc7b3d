import { setTimeout as sleep } from "node:timers/promises";
import { lackingCapabilities } from "@cni-chain/exec/requirements";
import { files } from "@cni-chain/libc";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import { defaultCacheDir, readCache } from "../libcni/cache.ts";
import { networkAtOnce } from "../node/network-at-once.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { printable } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import { dryPorts } from "../plan/ports.ts";
import { act, type Deed } from "../repair/act.ts";
import { nodeAlarm, type Scope } from "../repair/alarm.ts";
import { type NodePorts, nodePorts, toolPath, toolRunner } from "../repair/node-ports.ts";
import { ownSockets } from "../repair/own-sockets.ts";
import { deedDocument, deedLine, dryRunText } from "../repair/report.ts";
import { lookAround, loopbackFiles, type Situation } from "../repair/situation.ts";
import { type Watched, watch } from "../repair/watch.ts";
import { type Item, type Patience, ripe, type Sightings, workIn } from "../repair/work.ts";

/**
 * Nothing is repaired that was seen once only. What a DEL leaves that is under way has more time: the plugins behind
 * ours in a chain, which are asked for their part next, may talk to an address manager first.
 */
const patience: Patience = { lost: 250, gone: 5000, orphan: 1500 };

interface Options {
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly cacheDir: string;
}

/** `repair`: restores what libcni's cache says should be there and is not, and removes what is proven nobody's. */
export const repair = command({
  examples: [
    ["repair --dry-run", "what would be restored and removed, as a diff"],
    ["repair", "do it: one transaction a family, whatever the number of containers"],
    ["repair --watch", "stay, and repair within a second of every loss"],
  ],
  options: (yargs) =>
    yargs
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "say what would be done, and do nothing",
      })
      .option("watch", { type: "boolean", default: false, describe: "stay and repair what gets lost" })
      .option("cache-dir", { type: "string", default: defaultCacheDir, describe: "libcni's cache" }),
  async run(options, terminal) {
    if (options.watch && options.dryRun) throw new UsageError("--watch and --dry-run contradict");
    requireRoot();
    if (options.dryRun) return dryRun(options, terminal);
    return options.watch ? stay(options, terminal) : once(options, terminal);
  },
});

/** Reads the cache and the node, each of its parts once. Throws Failure where the cache may not be read. */
async function look(
  { host, network }: NodePorts,
  cacheDir: string,
  warn: (text: string) => void,
  scope?: Scope,
): Promise<Situation> {
  const seen = { host, network: networkAtOnce(network, host.netlink) };
  return lookAround(seen, await readCache(cacheDir), warn, scope);
}

function requireRoot(): void {
  const lacking = lackingCapabilities(files.readText("/proc/self/status"), [
    "CAP_NET_ADMIN",
    "CAP_SYS_ADMIN",
  ]);
  if (lacking.length > 0) {
    throw new Failure("needs root: the kernel shows and changes rules only with CAP_NET_ADMIN; try sudo", [
      `missing: ${lacking.join(", ")}`,
    ]);
  }
}

async function dryRun({ cacheDir, json }: Options, terminal: Terminal): Promise<void> {
  const path = toolPath();
  const ports = dryPorts(toolRunner(path), path, []);
  const warn = warnTo(terminal);
  const situation = await look(ports, cacheDir, warn);
  const deeds = await act(ports, situation, workIn(situation), warn);
  const changes = await ports.changes();
  if (json) return printDocument(terminal, deeds, situation, { changes });
  const lines = dryRunText(deeds, situation, changes, styleFor(terminal));
  sayProblems(terminal, situation);
  terminal.write(`${(lines.length === 0 ? ["nothing to repair"] : lines).join("\n")}\n`);
  failIfAny(deeds);
}

/** Looks until nothing is left that has not been seen for long enough. */
async function once({ cacheDir, json }: Options, terminal: Terminal): Promise<void> {
  const ports = nodePorts();
  const warn = warnTo(terminal);
  const deeds: Deed[] = [];
  const tried = new Set<string>();
  let seen: Sightings = new Map();
  let situation = await look(ports, cacheDir, warn);
  sayProblems(terminal, situation);
  const texts: string[] = [];
  for (;;) {
    const items = workIn(situation).filter(({ key }) => !tried.has(key));
    if (items.length === 0) break;
    const found = ripe(items, seen, performance.now(), patience);
    seen = found.seen;
    if (found.ripe.length > 0) {
      const done = await act(ports, situation, found.ripe, warn);
      for (const { item } of done) tried.add(item.key);
      for (const deed of done) texts.push(deedLine(deed, situation, styleFor(terminal), true));
      deeds.push(...done);
    } else {
      await sleep(100);
    }
    situation = await look(ports, cacheDir, warn);
  }
  if (json) return printDocument(terminal, deeds, situation, {});
  terminal.write(`${(texts.length === 0 ? ["nothing to repair"] : texts).join("\n")}\n`);
  failIfAny(deeds);
}

async function stay({ cacheDir, json }: Options, terminal: Terminal): Promise<void> {
  const open = netlinkSockets();
  const own = open === undefined ? undefined : ownSockets(open);
  const ports = nodePorts(own?.open);
  const warn = warnTo(terminal);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
  let last: Situation | undefined;
  const alarm = nodeAlarm(
    own,
    () => (last === undefined ? [] : loopbackFiles(last)),
    () => performance.now(),
  );
  const watched: Watched = {
    alarm,
    look: async (scope) => {
      const situation = await look(ports, cacheDir, warn, scope);
      if (scope.rules) last = situation;
      return situation;
    },
    act: (situation: Situation, items: readonly Item[]) => act(ports, situation, items, warn),
    report(deeds, situation) {
      const text = json
        ? jsonText(documentOf(deeds, situation, {}))
        : deeds.map((deed) => `${stamp()} ${deedLine(deed, situation, styleFor(terminal), true)}\n`).join("");
      terminal.write(text);
    },
    complain: (text) => terminal.tell(`${stamp()} ${printable(text)}\n`),
    now: () => performance.now(),
    pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  };
  terminal.tell("watching; ends on SIGTERM or SIGINT\n");
  try {
    await watch(watched, patience, stop.signal);
  } finally {
    alarm.close();
  }
}

const stamp = (): string => new Date().toISOString();

function warnTo(terminal: Terminal): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (!told.has(text)) terminal.tell(`${printable(text)}\n`);
    told.add(text);
  };
}

function sayProblems(terminal: Terminal, { problems }: Situation): void {
  for (const text of problems) terminal.tell(`not looked at: ${printable(text)}\n`);
}

function documentOf(deeds: readonly Deed[], situation: Situation, more: object): object {
  return { deeds: deeds.map((deed) => deedDocument(deed, situation)), problems: situation.problems, ...more };
}

function printDocument(terminal: Terminal, deeds: readonly Deed[], situation: Situation, more: object): void {
  terminal.write(jsonText(documentOf(deeds, situation, more)));
  failIfAny(deeds);
}

function failIfAny(deeds: readonly Deed[]): void {
  const failed = deeds.flatMap(({ item, failure }) =>
    failure === undefined ? [] : [`${item.key}: ${failure}`],
  );
  if (failed.length > 0)
    throw new Failure(`${failed.length} of ${deeds.length} could not be repaired`, failed);
}
