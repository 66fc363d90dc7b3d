import { type Network, networkByTools } from "@cni-chain/bandwidth/network";
import type { Runner } from "@cni-chain/exec";
import { bunRunner } from "@cni-chain/exec/bun";
import { withUsualPlaces } from "@cni-chain/exec/requirements";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import type { OpenSocket } from "@cni-chain/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { procKernel } from "@cni-chain/portmap/kernel";
import type { Host } from "@cni-chain/portmap/tools";
import { trafficControlByNetlink } from "tc-ts/netlink";

/** The plugins' ports to the node. */
export interface NodePorts {
  readonly network: Network;
  readonly host: Host;
}

/** Milliseconds for one tool: a node with rules by the ten thousand takes its time. */
const budgetMs = 30_000;

/** Tools are looked for where plugins' DEL does, too. */
export function toolPath(): string {
  return withUsualPlaces(process.env["PATH"] ?? "");
}

/** Each call has its own time, as a process that watches outlives any budget. */
export function toolRunner(path: string): Runner {
  const env = { ...process.env, PATH: path, LC_ALL: "C" };
  return { run: (command) => bunRunner({ env, budgetMs }).run(command) };
}

/** The node this process runs on, to read and to change. `open`: undefined where the kernel cannot be asked in this process. */
export function nodePorts(open: OpenSocket | undefined = netlinkSockets()): NodePorts {
  const path = toolPath();
  const runner = toolRunner(path);
  const network =
    open === undefined
      ? networkByTools(runner)
      : { links: linksByNetlink(open), tc: trafficControlByNetlink(open) };
  return { network, host: { runner, kernel: procKernel, path, netlink: open } };
}
