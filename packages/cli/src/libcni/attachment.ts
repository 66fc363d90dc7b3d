import type { JsonObject } from "@cni-chain/core";

/** What libcni calls a RuntimeConf: one container's interface on a network, and what is asked for it. */
export interface Attachment {
  readonly containerId: string;
  readonly ifname: string;
  /** CNI_NETNS; empty where the namespace is gone. */
  readonly netns: string;
  readonly cniArgs: readonly (readonly [key: string, value: string])[];
  readonly capabilityArgs: JsonObject;
}
