import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import type { Attachment, PluginConf } from "../lib/cni.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import type { Added, Stage } from "../lib/stage.ts";

/** Calls one plugin alone, for an attachment of its own or the one that was added, and keeps what it refused. */
export class Refusals {
  readonly all: string[] = [];
  readonly #stage: Stage;
  readonly #conf: PluginConf;
  readonly #added: Added;

  constructor(stage: Stage, conf: PluginConf, added: Added) {
    this.#stage = stage;
    this.#conf = conf;
    this.#added = added;
  }

  async call(verb: "ADD" | "CHECK" | "DEL", of: Partial<Attachment> = {}): Promise<void> {
    const attachment = { ...this.#added.attachment, ...of };
    const { exitCode, stdout } = await callPlugin(this.#stage.node, {
      binary: plugin(this.#conf.type),
      env: pluginEnv(verb, attachment, plugins),
      stdin: pluginConf(this.#stage.chain.conf, this.#conf, attachment, this.#added.result),
    });
    if (exitCode !== 0) this.all.push(`${verb}: ${stdout}`);
  }
}
