import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PluginConf, ResultDocument } from "../../lib/cni.ts";

/** One call of a plugin, as a runtime makes it. */
export interface Call {
  readonly conf: PluginConf;
  readonly containerId: string;
  /** Empty if the namespace is gone. */
  readonly netns: string;
  readonly ifname: string;
}

/** A main plugin in another's shape: its links and routes on the node, and its result. */
export interface StandIn {
  /** The result at any version below 1.0.0; later ones lose `ips[].version`. */
  add(call: Call): ResultDocument;
  del(call: Call): void;
}

/** Runs lines of `ip`'s batch language on the node, or in the namespace at that path. */
export function ip(lines: readonly string[], netns?: string): void {
  const enter = netns === undefined ? [] : ["nsenter", `--net=${netns}`];
  run([...enter, "ip", "-batch", "-"], `${lines.join("\n")}\n`);
}

export function run(argv: readonly string[], stdin = ""): string {
  const done = Bun.spawnSync([...argv], { stdin: new TextEncoder().encode(stdin) });
  if (done.exitCode === 0) return done.stdout.toString();
  throw new Error(`${argv.join(" ")}: ${done.stderr}${stdin}`);
}

/** Sets a network sysctl of the node, named as below /proc/sys/net. */
export const sysctl = (name: string, value: number): void =>
  writeFileSync(`/proc/sys/net/${name}`, String(value));

export function hasLink(name: string): boolean {
  return Bun.spawnSync(["ip", "link", "show", "dev", name]).exitCode === 0;
}

/** Deletes the host's end of a pair, and with it the other; gone already is success. */
export function deleteLink(name: string): void {
  if (hasLink(name)) ip([`link delete dev ${name}`]);
}

export function macOf(name: string, netns?: string): string {
  const enter = netns === undefined ? [] : ["nsenter", `--net=${netns}`];
  const [link] = JSON.parse(run([...enter, "ip", "-j", "link", "show", "dev", name]));
  return link.address;
}

/** Where the stand-ins remember who has which number; the node's /run is its own. */
const records = (call: Call): string => join("/run/stand-ins", call.conf.type);

/** The lowest number from 2 on that no other container has: the last part of its addresses. */
export function takeNumber(call: Call): number {
  mkdirSync(records(call), { recursive: true });
  for (let number = 2; number < 250; number += 1) {
    try {
      writeFileSync(join(records(call), String(number)), call.containerId, { flag: "wx" });
      return number;
    } catch {}
  }
  throw new Error("no address is free");
}

export function freeNumber(call: Call): void {
  for (const number of readdirSync(records(call))) {
    const file = join(records(call), number);
    if (readFileSync(file, "utf8") === call.containerId) rmSync(file);
  }
}
