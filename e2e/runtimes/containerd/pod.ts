import type { Pod } from "../../lib/node.ts";
import type { PodSandboxConfig, PortMapping } from "./cri-messages.ts";

export interface PodSpec {
  /** Unique among the pods of a containerd that were not removed. */
  readonly name: string;
  readonly ports?: readonly PortMapping[];
  /** Rates as the annotations have them, such as 10M. */
  readonly ingress?: string;
  readonly egress?: string;
}

/** A pod whose sandbox is up; a container need not run in it yet. */
export interface RunningPod {
  readonly id: string;
  readonly ip: string;
  readonly config: PodSandboxConfig;
  /** Commands of the machine, in the pod's network namespace. */
  readonly place: Pod;
}

/** What kubelet would send for a pod. */
export function podConfig(spec: PodSpec, cgroupParent: string): PodSandboxConfig {
  const { name, ports = [], ingress, egress } = spec;
  return {
    metadata: { name, uid: `uid-of-${name}`, namespace: "default", attempt: 0 },
    hostname: name,
    dnsConfig: { servers: ["192.0.2.53"] },
    portMappings: ports,
    annotations: {
      ...(ingress === undefined ? {} : { "kubernetes.io/ingress-bandwidth": ingress }),
      ...(egress === undefined ? {} : { "kubernetes.io/egress-bandwidth": egress }),
    },
    linux: { cgroupParent },
  };
}

/** One port of a pod, TCP unless said otherwise. */
export function port(hostPort: number, containerPort: number, rest: Partial<PortMapping> = {}): PortMapping {
  return { protocol: "TCP", hostPort, containerPort, ...rest };
}

/** A pod with two hostPorts of one number, and both limits: everything that leaves something on a node. */
export function busyPod(name: string, hostPort: number): PodSpec {
  const ports = [port(hostPort, 80), port(hostPort, 53, { protocol: "UDP" })];
  return { name, ports, ingress: "10M", egress: "10M" };
}

/**
 * Path of the network namespace, from the verbose part of PodSandboxStatus.
 * @throws if the pod's specification names none
 */
export function netnsPath(info: Readonly<Record<string, string>>): string {
  const verbose: VerboseInfo = JSON.parse(info["info"] ?? "{}");
  const found = verbose.runtimeSpec?.linux.namespaces.find(({ type }) => type === "network")?.path;
  if (found === undefined) throw new Error("the pod's status has no network namespace");
  return found;
}

interface VerboseInfo {
  readonly runtimeSpec?: {
    readonly linux: { readonly namespaces: readonly { readonly type: string; readonly path?: string }[] };
  };
}
