import { join } from "node:path";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import type { Attachment, ConfList, PluginConf, ResultDocument } from "../lib/cni.ts";
import { bandwidth, loopback, mapping, portmap } from "../lib/stage.ts";
import { type BenchPod, ipv4Only } from "./pods.ts";
import type { Call } from "./protocol.ts";

export type PluginType = "portmap" | "bandwidth" | "loopback";
export type Operation = "ADD" | "CHECK" | "DEL" | "VERSION";

/** The newest that Debian 12's reference knows. */
export const cniVersion = "1.0.0";
export const network = "bench";

/** What is done for one pod. */
export interface Job {
  readonly containerId: string;
  readonly pod: BenchPod;
  /** The plugins, in the order of the list. */
  readonly plugins: readonly PluginType[];
  readonly ports: number;
  readonly dualStack: boolean;
}

/** Where calls are made. */
export interface Surroundings {
  /** The directory of the plugins. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

const confs: Readonly<Record<PluginType, PluginConf>> = {
  portmap: portmap(),
  bandwidth: bandwidth(),
  loopback,
};

/** The host port of a job's first mapping, so that no two pods of a storm ask for the same. */
export function firstHostPort({ pod }: Job): number {
  return 2000 + Number(pod.hostVeth.slice("veth".length)) * 100;
}

/**
 * The calls of an operation on a pod, as a runtime makes them: each plugin of the list, backwards for DEL.
 * @param result the ADD's result; for an ADD it is not looked at
 */
export function callsOf(
  operation: Operation,
  job: Job,
  { directory, env }: Surroundings,
  result: ResultDocument | undefined,
): readonly Call[] {
  const list: ConfList = { cniVersion, name: network, plugins: job.plugins.map((type) => confs[type]) };
  const attachment = attachmentOf(job);
  const base = job.dualStack ? job.pod.result : ipv4Only(job.pod.result);
  const prevResult = operation === "ADD" ? base : result;
  const plugins = operation === "DEL" ? list.plugins.toReversed() : list.plugins;
  return plugins.map((conf, at) => ({
    binary: join(directory, conf.type),
    env: { ...env, ...pluginEnv(operation, attachment, directory) },
    stdin: operation === "VERSION" ? { cniVersion } : pluginConf(list, conf, attachment, prevResult),
    ...(operation === "ADD" && at > 0 ? { takesResult: true } : {}),
  }));
}

function attachmentOf(job: Job): Attachment {
  const first = firstHostPort(job);
  return {
    containerId: job.containerId,
    ifname: "eth0",
    netns: job.pod.netns,
    capabilityArgs: {
      portMappings: Array.from({ length: job.ports }, (_, at) => mapping(first + at, 8000 + at)),
      bandwidth: { ingressRate: 1e7, ingressBurst: 1e6, egressRate: 1e7, egressBurst: 1e6 },
    },
  };
}
