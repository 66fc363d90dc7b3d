import type { Family } from "iptables-wrapper";
import { sysctls } from "./node-requirements.ts";

/** What was read of the node for one family. */
export interface NodeSettings {
  readonly family: Family;
  /** False where it is known that the node forwards no packet of the family. */
  readonly forwards: boolean;
  /** Value of the sysctl; undefined where br_netfilter is not loaded. */
  readonly bridgeCalls: string | undefined;
  /** Bridges of pods that need their packets seen by the node's rules, where they are not. */
  readonly unheardBridges: readonly string[];
}

/** A sentence for each setting that breaks a way to a host port: what it is, what breaks, what to do. */
export function settingFindings({ family, forwards, bridgeCalls, unheardBridges }: NodeSettings): string[] {
  const { forwarding, bridgeCalls: bridgeSysctl } = sysctls[family];
  const ip = family === "v4" ? "IPv4" : "IPv6";
  const whose = `bridge${unheardBridges.length > 1 ? "s" : ""} ${unheardBridges.join(", ")}`;
  const remedy = setting(bridgeSysctl);
  const calls =
    bridgeCalls === undefined
      ? [
          `sysctl ${bridgeSysctl} is not there, br_netfilter is not loaded`,
          `modprobe br_netfilter && ${remedy}`,
        ]
      : [`sysctl ${bridgeSysctl} is ${bridgeCalls}`, remedy];
  return [
    ...(forwards
      ? []
      : [
          `sysctl ${forwarding} is 0: other hosts${family === "v4" ? " and pods" : ""} get no answer from ${ip} host ports; ${setting(forwarding)}${caution[family]}`,
        ]),
    ...(unheardBridges.length === 0
      ? []
      : [
          `${calls[0]}: a pod on ${whose} gets no answer from ${ip} host ports of other pods there; ${calls[1]}, or masqAll with snat`,
        ]),
  ];
}

function setting(sysctl: string): string {
  return `sysctl -w ${sysctl.replaceAll("/", ".")}=1`;
}

/** A router takes no router advertisements, unless it is told to. */
const caution = { v4: "", v6: " (a node that lives by router advertisements needs accept_ra=2 with it)" };
