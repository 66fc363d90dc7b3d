import { countCalls, tracedCalls } from "../bench/count-calls.ts";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import type { PluginConf } from "../lib/cni.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { type IptablesVariant, toolPath } from "../lib/tools.ts";

export interface Ground {
  readonly iptables: IptablesVariant;
  readonly backend: "iptables" | "nftables";
}

const limits = { ingressRate: 8e6, ingressBurst: 8e6, egressRate: 8e6, egressBurst: 8e6 };
const portMappings = [mapping(8080, 80), mapping(8081, 53, { protocol: "udp" })];

/** Has strace write a file for each thread, so that no line is cut in two by another's. */
const traced = () => [
  ...[toolPath("strace"), "-ff", "-qq", "-yy", "-s", "0"],
  ...["-e", `trace=${tracedCalls}`, "-o", "/run/trace/t"],
];

/** A pod whose base network stays, while our plugins are called for it over and over. */
export class PodRounds implements AsyncDisposable {
  readonly stage: Stage;
  readonly #pod: Added;
  readonly #chained: readonly PluginConf[];

  private constructor(stage: Stage, pod: Added, chained: readonly PluginConf[]) {
    this.stage = stage;
    this.#pod = pod;
    this.#chained = chained;
  }

  /** With one round done, so that what all containers share stands. */
  static async set({ iptables, backend }: Ground): Promise<PodRounds> {
    const stage = await Stage.set({ iptables, chained: [] });
    const pod = await stage.add("web", { portMappings, bandwidth: limits });
    const pods = new PodRounds(stage, pod, [portmap({ backend }), bandwidth(), loopback]);
    await pods.round();
    return pods;
  }

  /** ADD and DEL; gives the milliseconds of the ADD. */
  async round(): Promise<number> {
    const began = performance.now();
    await this.#call("ADD");
    const took = performance.now() - began;
    await this.#call("DEL");
    return took;
  }

  /** The processes and transactions with the kernel of a round. */
  async work(): Promise<{ readonly processes: number; readonly transactions: number }> {
    const { node } = this.stage;
    await node.run(["mkdir", "/run/trace"]);
    await this.#call("ADD", traced());
    await this.#call("DEL", traced());
    const lines = (await node.run(["sh", "-c", "cat /run/trace/*; rm -r /run/trace"])).split("\n");
    return countCalls(lines);
  }

  async #call(verb: "ADD" | "DEL", under: readonly string[] = []): Promise<void> {
    const { node, chain } = this.stage;
    const { attachment, result } = this.#pod;
    for (const entry of verb === "ADD" ? this.#chained : this.#chained.toReversed()) {
      const { exitCode, stdout } = await callPlugin(node, {
        binary: plugin(entry.type),
        env: pluginEnv(verb, attachment, plugins),
        stdin: pluginConf(chain.conf, entry, attachment, result),
        under,
      });
      if (exitCode !== 0) throw new Error(`${entry.type} ${verb}: ${stdout}`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage.node.close();
  }
}
