import { join } from "node:path";
import { addBase, type BaseConf, delBase } from "./base-plugin.ts";
import { callPlugin } from "./binary.ts";
import type { Attachment, ConfList, ErrorDocument, PluginConf, ResultDocument } from "./cni.ts";
import { compareVersions } from "./cni.ts";
import type { Node } from "./node.ts";

/** A plugin answered with an error document. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly plugin: string;
  readonly document: ErrorDocument;

  constructor(plugin: string, command: string, document: ErrorDocument) {
    super(`${plugin} ${command}: ${document.code}: ${document.msg}`);
    this.plugin = plugin;
    this.document = document;
  }
}

/**
 * Runs a network configuration list as libcni does: the plugins in order, each with the result of the one
 * before; backwards for DEL; the last result kept for CHECK and DEL. A plugin of type `base` is our own
 * embedded network, all others are binaries.
 */
export class Chain {
  readonly conf: ConfList;
  readonly #node: Node;
  readonly #plugins: string;
  readonly #cache = new Map<string, ResultDocument>();

  /** @param plugins directory of the plugins' binaries: CNI_PATH */
  constructor(node: Node, plugins: string, conf: ConfList) {
    this.#node = node;
    this.#plugins = plugins;
    this.conf = conf;
  }

  /** Throws PluginError for the first plugin that fails; like libcni it leaves the clean-up to the caller. */
  async add(attachment: Attachment): Promise<ResultDocument> {
    let result: ResultDocument | undefined;
    for (const plugin of this.conf.plugins) {
      result = isBase(plugin)
        ? await addBase(this.#node, plugin, attachment, this.conf.cniVersion)
        : await this.#call("ADD", plugin, attachment, result);
    }
    if (result === undefined) throw new Error("a chain without plugins has no result");
    this.#cache.set(keyOf(attachment), result);
    return result;
  }

  async check(attachment: Attachment): Promise<void> {
    if (!this.#knowsCheck) throw new Error(`version ${this.conf.cniVersion} has no CHECK`);
    const cached = this.#cache.get(keyOf(attachment));
    for (const plugin of this.conf.plugins) {
      if (!isBase(plugin)) await this.#call("CHECK", plugin, attachment, cached);
    }
  }

  /** The second DEL of an attachment has no result any more. */
  async del(attachment: Attachment): Promise<void> {
    const cached = this.#knowsCheck ? this.#cache.get(keyOf(attachment)) : undefined;
    for (const plugin of this.conf.plugins.toReversed()) {
      if (isBase(plugin)) await delBase(this.#node, attachment);
      else await this.#call("DEL", plugin, attachment, cached);
    }
    this.#cache.delete(keyOf(attachment));
  }

  /** Takes over an attachment that another chain added, as a runtime does whose plugins were replaced. */
  adopt(attachment: Attachment, result: ResultDocument): void {
    this.#cache.set(keyOf(attachment), result);
  }

  /** CHECK, and the result at DEL, came with 0.4.0. */
  get #knowsCheck(): boolean {
    return compareVersions(this.conf.cniVersion, "0.4.0") >= 0;
  }

  async #call(
    command: "ADD" | "CHECK" | "DEL",
    plugin: PluginConf,
    attachment: Attachment,
    prevResult: ResultDocument | undefined,
  ): Promise<ResultDocument | undefined> {
    const answer = await callPlugin(this.#node, {
      binary: join(this.#plugins, plugin.type),
      env: pluginEnv(command, attachment, this.#plugins),
      stdin: pluginConf(this.conf, plugin, attachment, prevResult),
    });
    if (answer.exitCode === 0) return answer.json as ResultDocument | undefined;
    const document = answer.json ?? { code: -1, msg: `exit code ${answer.exitCode}: ${answer.stderr}` };
    throw new PluginError(plugin.type, command, document as ErrorDocument);
  }
}

/** The six variables that libcni sets. */
export function pluginEnv(
  command: string,
  attachment: Attachment,
  plugins: string,
): Readonly<Record<string, string>> {
  const args = Object.entries(attachment.args ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: attachment.containerId,
    CNI_NETNS: attachment.netns,
    CNI_ARGS: args.join(";"),
    CNI_IFNAME: attachment.ifname,
    CNI_PATH: plugins,
  };
}

/** One plugin's standard input: name and version from the list, runtimeConfig for the capabilities it declares. */
export function pluginConf(
  list: ConfList,
  plugin: PluginConf,
  attachment: Attachment,
  prevResult: ResultDocument | undefined,
): PluginConf {
  const offered = Object.entries(attachment.capabilityArgs ?? {});
  const declared = offered.filter(([capability]) => plugin.capabilities?.[capability] === true);
  return {
    ...plugin,
    name: list.name,
    cniVersion: list.cniVersion,
    ...(prevResult === undefined ? {} : { prevResult }),
    ...(declared.length === 0 ? {} : { runtimeConfig: Object.fromEntries(declared) }),
  };
}

const isBase = (plugin: PluginConf): plugin is BaseConf => plugin.type === "base";

const keyOf = ({ containerId, ifname }: Attachment): string => `${containerId} ${ifname}`;
