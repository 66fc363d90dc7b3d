import { bandwidthFaults } from "./bandwidth.ts";
import { bandwidthCheckFaults } from "./bandwidth-check.ts";
import { commonFaults } from "./common.ts";
import type { Fault } from "./fault.ts";
import { loopbackFaults } from "./loopback.ts";
import { newerFaults } from "./newer.ts";
import { portmapCheckFaults } from "./portmap-check.ts";
import { portmapFailureFaults } from "./portmap-failures.ts";
import { portmapNftablesFaults } from "./portmap-nftables.ts";
import { portmapRuleFaults } from "./portmap-rules.ts";
import { portmapTrafficFaults } from "./portmap-traffic.ts";

/** Every fault of the reference plugins that is known here. */
export const faults: readonly Fault[] = [
  ...commonFaults,
  ...newerFaults,
  ...portmapFailureFaults,
  ...portmapRuleFaults,
  ...portmapTrafficFaults,
  ...portmapCheckFaults,
  ...portmapNftablesFaults,
  ...bandwidthFaults,
  ...bandwidthCheckFaults,
  ...loopbackFaults,
];
