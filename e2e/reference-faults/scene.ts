import { join } from "node:path";
import { callPlugin, type PluginAnswer } from "../lib/binary.ts";
import { Chain, pluginConf, pluginEnv } from "../lib/chain.ts";
import type { Attachment, ErrorDocument, PluginConf, ResultDocument } from "../lib/cni.ts";
import type { Node } from "../lib/node.ts";
import type { Installation } from "../lib/reference.ts";
import { type Added, mapping, Stage, type StageOptions } from "../lib/stage.ts";

/** A node with a base network, and the plugins of one directory to be tried on it. */
export class Scene implements AsyncDisposable {
  readonly stage: Stage;
  readonly installation: Installation;
  readonly #options: StageOptions;
  readonly #base: Chain;

  private constructor(stage: Stage, installation: Installation, options: StageOptions) {
    this.stage = stage;
    this.installation = installation;
    this.#options = options;
    this.#base = this.chain([]);
  }

  /** Default: CNI 1.0.0, the newest that 1.1.1 knows. */
  static async set(installation: Installation, options: StageOptions = {}): Promise<Scene> {
    const stage = await Stage.set({ ...options, chained: [] });
    return new Scene(stage, installation, options);
  }

  get node(): Node {
    return this.stage.node;
  }

  /** A network of these plugins behind the base network. */
  chain(chained: readonly PluginConf[], name = "net"): Chain {
    return new Chain(this.node, this.installation.directory, {
      cniVersion: this.#options.cniVersion ?? "1.0.0",
      name,
      plugins: [{ type: "base", hairpinMode: true, ...this.#options.base }, ...chained],
    });
  }

  /** A pod on the base network alone, for calls of single plugins. */
  pod(name: string, capabilityArgs: Attachment["capabilityArgs"] = {}): Promise<Added> {
    return this.stage.add(name, capabilityArgs, this.#base);
  }

  /** One plugin's call for a pod; `change` overrides the configuration, undefined takes a field away. */
  call(
    command: string,
    plugin: PluginConf,
    { attachment, result }: Pick<Added, "attachment" | "result">,
    change: Readonly<Record<string, unknown>> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<PluginAnswer> {
    return callPlugin(this.node, {
      binary: this.binary(plugin.type),
      env: { ...pluginEnv(command, attachment, this.installation.directory), ...env },
      stdin: { ...pluginConf(this.#base.conf, plugin, attachment, result), ...change },
    });
  }

  /** The same, and it has to succeed. */
  async succeed(...args: Parameters<Scene["call"]>): Promise<ResultDocument> {
    const answer = await this.call(...args);
    if (answer.exitCode !== 0) throw new Error(`${args[0]} failed: ${answer.stdout}${answer.stderr}`);
    return (answer.json ?? {}) as ResultDocument;
  }

  binary(type: string): string {
    return join(this.installation.directory, type);
  }

  /** What a shell command says on the node, whatever its exit code. */
  async sh(script: string): Promise<string> {
    return (await this.node.try(["sh", "-c", script])).stdout.trim();
  }

  /** Puts a program of this name in front of the node's own. */
  async replaceTool(name: string, script: string): Promise<void> {
    const file = `/run/tools/${name}`;
    await this.node.run(["sh", "-ec", `rm -f ${file}; cat >${file}; chmod +x ${file}`], {
      stdin: `#!/bin/sh\n${script}\n`,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage.node.close();
  }
}

/** The error document of an answer; undefined if it was none. */
export function errorOf({ exitCode, json }: PluginAnswer): ErrorDocument | undefined {
  return exitCode === 0 ? undefined : (json as ErrorDocument | undefined);
}

/** Everything an error says. */
export function textOf(answer: PluginAnswer): string {
  const error = errorOf(answer);
  return `${error?.msg ?? ""}\n${error?.details ?? ""}`;
}

export const web = { portMappings: [mapping(8080, 80)] };
