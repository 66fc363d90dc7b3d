import type { Attachment } from "@cni-chain/core";
import { differences, type Observed } from "iptables-wrapper";
import type { PortmapConfig } from "./config.ts";
import { type Destination, desiredRules } from "./plan.ts";

/** What CHECK saw of one family. */
export interface Seen {
  readonly destination: Destination;
  readonly observed: Observed;
  /** Where packets from 127.0.0.1 have to leave, and whether they may; undefined where that does not matter. */
  readonly loopback: { readonly device: string; readonly routeLocalnet: string | undefined } | undefined;
}

/** Every difference between what ADD makes and what is there. */
export function check(attachment: Attachment, config: PortmapConfig, seen: Seen): string[] {
  const { destination, observed, loopback } = seen;
  const tool = destination.family === "v4" ? "iptables" : "ip6tables";
  const lines = differences(observed, desiredRules(attachment, config, destination)).map(
    (line) => `${tool} nat: ${line}`,
  );
  if (loopback !== undefined && loopback.routeLocalnet !== "1") {
    const { device, routeLocalnet } = loopback;
    lines.push(
      `sysctl net/ipv4/conf/${device}/route_localnet: expected 1, found ${routeLocalnet ?? "nothing"}`,
    );
  }
  return lines;
}
