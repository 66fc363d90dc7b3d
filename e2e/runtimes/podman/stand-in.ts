import { join } from "node:path";
import type { Node } from "../../lib/node.ts";
import { until } from "../../lib/poll.ts";
import { pluginDirectory } from "../lib/network.ts";

const callsFile = "/run/cni/calls";
const haltFile = "/run/cni/halted";

/** One call of a plugin, as a stand-in saw it. */
export interface SeenCall {
  readonly type: string;
  readonly command: string;
  /** What the plugin wrote on standard output; empty if nothing. */
  readonly answer: string;
}

/** Puts a script in the place of each of these plugins, which runs it and notes the call. */
export async function noteCalls(node: Node, types: readonly string[]): Promise<void> {
  for (const type of types) {
    await replace(node, type, (plugin) => [
      `answer=$(${plugin})`,
      "status=$?",
      `printf '%s\\t%s\\t%s\\n' ${type} "$CNI_COMMAND" "$(echo $answer)" >>${callsFile}`,
      `printf '%s' "$answer"`,
      "exit $status",
    ]);
  }
}

/** The calls noted since the last look. */
export async function seenCalls(node: Node): Promise<readonly SeenCall[]> {
  const noted = await node.run(["sh", "-ec", `touch ${callsFile}; cat ${callsFile}; rm ${callsFile}`]);
  return noted
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [type = "", command = "", answer = ""] = line.split("\t");
      return { type, command, answer };
    });
}

export interface HaltingPoint {
  readonly type: string;
  readonly command: "ADD" | "DEL";
  /** Before the plugin runs, or when its work is done and its answer not yet given. */
  readonly when: "before" | "after";
}

export interface Halt extends AsyncDisposable {
  /** Waits until a call has come to the point, where it stays. */
  reached(): Promise<void>;
  /** Kills whoever made that call, then the call itself, and puts the plugin back. */
  kill(caller: string): Promise<void>;
}

/** Lets the calls of a plugin stop at a point, until they are killed. The plugin is back when the scope ends. */
export async function haltAt(node: Node, { type, command, when }: HaltingPoint): Promise<Halt> {
  const restore = await replace(node, type, (plugin) => [
    `[ "$CNI_COMMAND" = ${command} ] || exec ${plugin}`,
    ...(when === "after" ? [`${plugin} >/dev/null`] : []),
    `echo $$ >${haltFile}`,
    "exec sleep 1000",
  ]);
  const halted = async () => (await node.try(["cat", haltFile])).stdout.trim();
  return {
    async reached() {
      await until(`${command} of ${type}`, async () => ((await halted()) === "" ? undefined : true));
    },
    async kill(caller) {
      await killProcess(node, caller);
      await killProcess(node, await halted());
      await restore();
    },
    async [Symbol.asyncDispose]() {
      await node.run(["rm", "-f", haltFile]);
      await restore();
    },
  };
}

/** `kill` is a command of the shell's own on every machine. */
export async function killProcess(node: Node, pid: string): Promise<void> {
  await node.run(["sh", "-c", `kill -KILL ${pid}`]);
}

/** Puts a shell script in a plugin's place; what it returns puts the plugin back. */
async function replace(
  node: Node,
  type: string,
  script: (plugin: string) => readonly string[],
): Promise<() => Promise<void>> {
  const link = join(pluginDirectory, type);
  const plugin = (await node.run(["readlink", link])).trim();
  const file = `/run/cni/stand-in-${type}`;
  const text = ["#!/bin/sh", ...script(plugin), ""].join("\n");
  await node.run(["sh", "-ec", `cat >${file}; chmod +x ${file}; ln -sf ${file} ${link}`], { stdin: text });
  return async () => {
    await node.run(["ln", "-sf", plugin, link]);
  };
}
