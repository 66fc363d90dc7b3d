import type { Check } from "../check.ts";
import { attachments } from "./attachments.ts";
import { backends } from "./backends.ts";
import { devices } from "./devices.ts";
import { executables } from "./executables.ts";
import { hostPorts } from "./host-ports.ts";
import { loopback } from "./loopback.ts";
import { marks } from "./marks.ts";
import { networks } from "./networks.ts";
import { orphans } from "./orphans.ts";
import { privileges } from "./privileges.ts";
import { forwardPolicy, readiness, sysctls } from "./status.ts";
import { tools } from "./tools.ts";

/** Every check, in the order of the report: what all else rests on first. */
export const checks: readonly Check[] = [
  privileges,
  tools,
  readiness,
  networks,
  executables,
  sysctls,
  forwardPolicy,
  loopback,
  marks,
  backends,
  hostPorts,
  devices,
  attachments,
  orphans,
];
