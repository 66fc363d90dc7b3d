import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../failure.ts";
import { type InstallOptions, runInstall } from "../install/run.ts";
import { printable } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import type { Keeper } from "./keep.ts";

export interface NodeKeeperOptions {
  readonly install: InstallOptions;
  /** Stands while all is in place. */
  readonly readyFile?: string;
}

/** Keeps this node's directories. */
export function nodeKeeper({ install, readyFile }: NodeKeeperOptions, terminal: Terminal): Keeper {
  const { confList, ...plugins } = install;
  const kept = [
    ...install.types.map((type) => `${install.binDir}/${type}`),
    ...(confList === undefined ? [] : [confList.file]),
  ];
  const isReady = (yes: boolean) => {
    if (readyFile === undefined) return;
    if (yes) writeFileSync(readyFile, "");
    else rmSync(readyFile, { force: true });
  };
  return {
    state: () => kept.map(likeness).join("\n"),
    async install() {
      if (confList === undefined || existsSync(confList.file)) {
        return { kind: "installed", ...(await runInstall(install, terminal)) };
      }
      const { changed, text } = await runInstall(plugins, terminal);
      return { kind: "waiting", changed, text: `${text}${printable(confList.file)}: waiting for it\n` };
    },
    ready: isReady,
    say: (text) => terminal.write(text),
    complain(error) {
      const lines = error instanceof Failure ? [error.message, ...error.details] : [String(error)];
      terminal.tell(`${lines.map(printable).join("\n  ")}\n`);
    },
    pause: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => {}),
  };
}

/** Tells one file at a place from another, without reading it. */
function likeness(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found === undefined
    ? "none"
    : `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
