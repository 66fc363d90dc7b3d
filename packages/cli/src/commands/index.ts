import type { Command } from "../command.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { completion } from "./completion.ts";
import { del } from "./del.ts";
import { doctor } from "./doctor.ts";
import { explain } from "./explain.ts";
import { gc } from "./gc.ts";
import { install } from "./install.ts";
import { list } from "./list.ts";
import { nodeInstall } from "./node-install.ts";
import { plan } from "./plan.ts";
import { repair } from "./repair.ts";
import { status } from "./status.ts";
import { top } from "./top.ts";
import { uninstall } from "./uninstall.ts";
import { validate } from "./validate.ts";
import { version } from "./version.ts";

/** Every command of the tool, in the order of its help. */
export const commands: readonly Command[] = [
  list,
  top,
  add,
  check,
  del,
  plan,
  explain,
  gc,
  status,
  doctor,
  repair,
  version,
  validate,
  install,
  uninstall,
  nodeInstall,
  completion,
];
