import { basename } from "node:path";
import { command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import { type Cache, readCache } from "../libcni/cache.ts";
import { chainOptions, networkPositional, withRuntime } from "../libcni/chain-options.ts";
import { type ConfList, loadConfList } from "../libcni/conf-list.ts";
import { gcChain } from "../libcni/gc.ts";
import { isNetns } from "../libcni/sandbox.ts";
import { isSame, type Judged, judge, parseValid } from "../libcni/valid-attachments.ts";
import { knows } from "../libcni/versions.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { printable } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";

/** `gc`: lets a network's plugins clear away what belongs to no container any more. */
export const gc = command({
  examples: [
    ["gc mynet --dry-run", "what would be kept and what not"],
    ["gc mynet", "keep those whose network namespace stands"],
    ["gc mynet --valid 4f2a91c07be3:eth0", "keep this one alone"],
  ],
  options: (yargs) =>
    chainOptions(yargs.positional("network", networkPositional))
      .option("valid", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "keep ID:IFNAME and no other; may be given again",
      })
      .option("none-valid", { type: "boolean", default: false, describe: "keep nothing of the network" })
      .option("dry-run", {
        type: "boolean",
        default: false,
        describe: "say what would be done, and do nothing",
      }),
  async run(options, terminal) {
    const list = await loadConfList(options.network, options);
    const given = options.valid?.map(parseValid);
    if (given !== undefined && options.noneValid) throw new UsageError("--valid and --none-valid contradict");
    const listed = options.noneValid ? [] : given;
    const cache = await readCache(options.cacheDir);
    const own = cache.attachments.filter(({ network }) => network === list.name);
    if (listed === undefined) refuseUncertain(list, cache, own.length);
    const judged = judge(own, listed, isNetns);
    const keep = judged.filter(({ valid }) => valid);
    const stale = judged.filter(({ valid }) => !valid).map(({ attachment }) => attachment);
    // What is listed is valid, be it in this cache or another runtime's.
    const valid = listed ?? keep.map(({ attachment }) => attachment);
    const skip = list.disableGC || options.dryRun;
    const failures = skip
      ? []
      : await withRuntime(options, terminal, (runtime) => gcChain(list, valid, stale, runtime));
    const unknown = valid.filter((one) => !own.some((attachment) => isSame(one, attachment)));
    report({ list, judged, unknown, failures, dryRun: options.dryRun }, options.json, terminal);
    if (failures.length > 0) {
      const [first = new Failure("")] = failures;
      const more = failures.slice(1).flatMap(({ message, details }) => [message, ...details]);
      throw new Failure(first.message, [...first.details, ...more]);
    }
  },
});

/** A node full of containers must not pass for an empty one. */
function refuseUncertain(list: ConfList, cache: Cache, known: number): void {
  const unread = cache.problems.filter(({ file }) => basename(file).startsWith(`${list.name}-`));
  if (unread.length > 0) {
    throw new Failure(
      `not every attachment of ${list.name} can be read from the cache: say what is valid by --valid`,
      [...unread.map(({ file, message }) => `${file}: ${message}`)],
    );
  }
  if (known > 0) return;
  throw new Failure(
    `the cache has no attachment to ${list.name}: its plugins would clear away all they have of it`,
    ["say what is valid by --valid, or --none-valid if nothing is; another runtime's cache: --cache-dir"],
  );
}

interface Outcome {
  readonly list: ConfList;
  readonly judged: readonly Judged[];
  /** Listed as valid, and not in the cache. */
  readonly unknown: readonly { readonly containerId: string; readonly ifname: string }[];
  readonly failures: readonly Failure[];
  readonly dryRun: boolean;
}

function report(
  { list, judged, unknown, failures, dryRun }: Outcome,
  json: boolean,
  terminal: Terminal,
): void {
  const asked = !list.disableGC && knows(list.cniVersion, "gc") ? list.plugins.map(({ type }) => type) : [];
  const named = ({ attachment, why }: Judged) => {
    const { containerId, ifname, netns } = attachment;
    return { containerId, ifname, ...(netns === undefined ? {} : { netns }), why };
  };
  const kept = [
    ...judged.filter(({ valid }) => valid).map(named),
    ...unknown.map(({ containerId, ifname }) => ({ containerId, ifname, why: "listed" })),
  ];
  const stale = judged.filter(({ valid }) => !valid).map(named);
  if (json) {
    const errors = failures.map(({ message }) => message);
    const document = { network: list.name, kept, stale, asked, errors, dryRun, disableGC: list.disableGC };
    terminal.write(jsonText(document));
    return;
  }
  const style = styleFor(terminal);
  const removed = dryRun || list.disableGC ? style.yellow("stale  ") : style.yellow("removed");
  const line = (word: string, one: (typeof kept)[number]) =>
    `${word} ${one.containerId} ${one.ifname}  ${style.dim(printable(one.why))}\n`;
  for (const one of kept) terminal.write(line(style.green("kept   "), one));
  for (const one of stale) terminal.write(line(removed, one));
  terminal.write(`${summary(list, asked, dryRun)}\n`);
}

function summary(list: ConfList, asked: readonly string[], dryRun: boolean): string {
  if (list.disableGC) return `${list.name} has disableGC: nothing was done`;
  if (asked.length === 0) {
    return `version ${list.cniVersion} of ${list.name} has no GC: ${dryRun ? "the plugins would not be" : "the plugins were not"} asked`;
  }
  return `GC of ${list.name} ${dryRun ? "would go" : "went"} to ${asked.join(", ")}`;
}
