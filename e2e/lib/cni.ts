/** Documents of CNI as they stand on the wire, only as far as the harness looks into them. */
export interface PluginConf {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly [field: string]: unknown;
}

export interface ConfList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly PluginConf[];
}

export interface Attachment {
  readonly containerId: string;
  readonly ifname: string;
  /** CNI_NETNS; empty if the namespace is gone. */
  readonly netns: string;
  /** CNI_ARGS as pairs. */
  readonly args?: Readonly<Record<string, string>>;
  /** What the runtime offers by capability; a plugin gets what it declares. */
  readonly capabilityArgs?: Readonly<Record<string, unknown>>;
}

/** A result from 0.3.0 on. */
export interface ResultDocument {
  readonly cniVersion?: string;
  readonly interfaces?: readonly {
    readonly name: string;
    readonly mac?: string;
    readonly sandbox?: string;
  }[];
  readonly ips?: readonly {
    readonly address: string;
    readonly gateway?: string;
    readonly interface?: number;
    readonly version?: string;
  }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  readonly [field: string]: unknown;
}

export interface ErrorDocument {
  readonly cniVersion?: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/** Compares versions such as 0.3.1 and 1.1.0; negative if `a` is the older. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
