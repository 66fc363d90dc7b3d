import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Runner, runToSuccess } from "@cni-chain/exec";
import { netnsState } from "@cni-chain/ip-ts";
import { files, isAbsent } from "@cni-chain/libc";
import { Failure, UsageError } from "../failure.ts";
import { readCache } from "./cache.ts";

/** Where `ip netns` keeps the namespaces it has names for, ip-netns(8). */
const directory = "/run/netns";

/** A file for each namespace made here, with what tells it from another of the name. As short-lived as the namespaces are. */
const marks = "/run/cni-chain/sandboxes";

/** Path of a named network namespace. Throws UsageError for a name that is none. */
export function sandboxPath(name: string): string {
  if (!/^\w[\w.-]{0,199}$/.test(name)) {
    throw new UsageError(`--sandbox ${name}: letters, digits, '_', '.' and '-' make a name`);
  }
  return join(directory, name);
}

/** Makes a network namespace with its `lo` up. Throws Failure where there is one of the name. */
export async function makeSandbox(name: string, runner: Runner): Promise<void> {
  const path = sandboxPath(name);
  if (files.exists(path)) {
    throw new Failure(`there is a network namespace ${name} already`, [
      `to attach it as it is: --netns ${path}; to begin anew: ip netns delete ${name}`,
    ]);
  }
  await ip(runner, ["netns", "add", name]);
  mkdirSync(marks, { recursive: true });
  writeFileSync(join(marks, name), birthOf(path) ?? "");
  await ip(runner, ["-n", name, "link", "set", "lo", "up"]);
}

/**
 * Takes a namespace away that makeSandbox made, once the last attachment of the cache is out of it, and leaves every other
 * alone. Gives a sentence where somebody may wonder that it is still there.
 */
export async function leaveSandbox(
  path: string,
  cacheDir: string,
  runner: Runner,
): Promise<string | undefined> {
  const name = basename(path);
  const mark = dirname(path) === directory ? markOf(name) : undefined;
  if (mark === undefined) return undefined;
  if (mark !== birthOf(path)) {
    // It is gone, and what bears its name now, if anything, is somebody else's.
    rmSync(join(marks, name), { force: true });
    return undefined;
  }
  const { attachments } = await readCache(cacheDir);
  const other = attachments.find(({ netns }) => netns !== undefined && isSameNetns(netns, path));
  if (other !== undefined) return `network namespace ${name} is kept: ${other.network} has it, too`;
  const pids = (await ip(runner, ["netns", "pids", name])).split(/\s+/).filter((pid) => pid !== "");
  if (pids.length > 0) {
    const some = pids.slice(0, 10).join(", ");
    return `network namespace ${name} is kept: processes live in it (${some}); then: ip netns delete ${name}`;
  }
  await ip(runner, ["netns", "delete", name]);
  rmSync(join(marks, name), { force: true });
  return undefined;
}

/** True for the path of a namespace that stands. Throws Failure where this user may not look. */
export function isNetns(path: string): boolean {
  try {
    return netnsState(path) === "present";
  } catch (error) {
    throw new Failure(
      `${path} may not be looked at: ${error instanceof Error ? error.message : String(error)}`,
      [...asRoot()],
    );
  }
}

/** True where both paths lead to one namespace; false where one leads nowhere. */
export function isSameNetns(one: string, other: string): boolean {
  const identity = identityOf(one);
  return identity !== undefined && identity === identityOf(other);
}

function identityOf(path: string): string | undefined {
  try {
    return files.identity(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Number and time of making: the kernel gives the number of one that is gone to the next. */
function birthOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}:${stat.ctimeNs}`;
}

function markOf(name: string): string | undefined {
  try {
    return readFileSync(join(marks, name), "utf8");
  } catch {
    return undefined;
  }
}

async function ip(runner: Runner, argv: readonly string[]): Promise<string> {
  try {
    return await runToSuccess(runner, { file: "ip", argv });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Failure(error.message, asRoot());
  }
}

const asRoot = (): readonly string[] =>
  process.getuid?.() === 0 ? [] : ["network namespaces need root; try sudo"];
