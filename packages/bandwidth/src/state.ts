import type { Link } from "@cni-chain/ip-ts";
import type { DeviceShaping } from "tc-ts";

/** All of the node that concerns an attachment. */
export interface State {
  /** The host's end of the container's veth. */
  readonly veth: Link;
  readonly vethShaping: DeviceShaping;
  /** Undefined while there is none. */
  readonly ifb: ObservedIfb | undefined;
}

export interface ObservedIfb {
  readonly link: Link;
  readonly shaping: DeviceShaping;
}
