/** A tbf as it stands on a device, with what it has counted since it was made. */
export interface Limit {
  readonly rateBitsPerSecond: number;
  readonly burstBits: number;
  /** What has passed. */
  readonly bytes: number;
  readonly packets: number;
  /** These two begin again behind 2^32 - 1. */
  readonly drops: number;
  /** How often a packet had to wait for the rate. */
  readonly overlimits: number;
  /** Bytes that wait now. */
  readonly backlogBytes: number;
}

/** A pod's device whose traffic is limited, by our plugin or by the reference's. */
export interface Shaped {
  /** The host's end of the pod's veth; undefined where an ifb is left whose veth is gone or not known. */
  readonly hostDevice: string | undefined;
  /** The device that traffic out of the pod is limited on. */
  readonly ifb: string | undefined;
  /** True where packets out of the pod really go to the ifb; false where nothing leads there any more. */
  readonly redirected: boolean;
  /** As the ifb's alias tells it: undefined in the reference's, and where traffic into the pod alone is limited. */
  readonly network: string | undefined;
  readonly containerId: string | undefined;
  readonly ifname: string | undefined;
  /** Into the pod: the tbf at the root of the host's device. */
  readonly ingress: Limit | undefined;
  /** Out of the pod: the tbf of the ifb that arriving packets are sent to. */
  readonly egress: Limit | undefined;
}
