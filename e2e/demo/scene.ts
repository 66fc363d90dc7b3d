import { ensureBridge } from "../lib/base-plugin.ts";
import type { Attachment, ConfList } from "../lib/cni.ts";
import { addHost, type Uplink } from "../lib/host.ts";
import { Node, type Pod } from "../lib/node.ts";

/** The line of every pod that has one: 10 Mbit/s. */
export const limit = 10_000_000;
export const hostPort = 8080;
/** Carries the throughput measurement. */
export const streamPort = 5201;

export const conflist: ConfList = {
  cniVersion: "1.1.0",
  name: "demo",
  plugins: [
    { type: "base", mode: "bridge", hairpinMode: true },
    { type: "portmap", capabilities: { portMappings: true }, snat: true },
    { type: "bandwidth", capabilities: { bandwidth: true } },
    { type: "loopback" },
  ],
};

export interface Scene {
  readonly node: Node;
  readonly uplink: Uplink;
  /** Has a hostPort and limits. */
  readonly web: Pod;
  /** Has neither. */
  readonly other: Pod;
}

export async function setScene(): Promise<Scene> {
  const node = await Node.start();
  await ensureBridge(node);
  return {
    node,
    uplink: await addHost(node),
    web: await node.addPod("web"),
    other: await node.addPod("other"),
  };
}

/** What a runtime passes for a pod with a hostPort and Kubernetes' two bandwidth annotations. */
export function webAttachment(web: Pod): Attachment {
  const mapping = (port: number, to: number) => ({ hostPort: port, containerPort: to, protocol: "tcp" });
  return {
    containerId: "demo-web",
    ifname: "eth0",
    netns: web.netns,
    capabilityArgs: {
      portMappings: [mapping(hostPort, 80), mapping(streamPort, streamPort)],
      // containerd cannot know a burst, so it sends the largest number it has.
      bandwidth: {
        ingressRate: limit,
        ingressBurst: 4_294_967_295,
        egressRate: limit,
        egressBurst: 4_294_967_295,
      },
    },
  };
}

export function otherAttachment(other: Pod): Attachment {
  return { containerId: "demo-other", ifname: "eth0", netns: other.netns };
}
