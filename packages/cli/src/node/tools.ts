import type { Runner } from "@cni-chain/exec";
import { bunRunner } from "@cni-chain/exec/bun";
import { lackingCapabilities, nodeFiles, withUsualPlaces } from "@cni-chain/exec/requirements";
import type { OpenSocket } from "@cni-chain/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { Failure } from "../failure.ts";

/** Everything through which the node is looked at. Nothing of it changes the node. */
export interface NodeTools {
  readonly runner: Runner;
  /** PATH of the runner: the caller's, and the usual places, as a user's often lacks the sbin directories. */
  readonly path: string;
  readonly netlink: OpenSocket;
}

/** Milliseconds for all processes of one look. */
const budgetMs = 30_000;

/** For one look; its processes have a time together, so a watch makes new ones each time. Throws Failure. */
export function nodeTools(env: Readonly<Record<string, string | undefined>> = process.env): NodeTools {
  const netlink = netlinkSockets();
  if (netlink === undefined) throw new Failure("the C library of this machine cannot be called");
  const path = withUsualPlaces(env["PATH"] ?? "");
  return { runner: bunRunner({ env: { ...env, PATH: path }, budgetMs }), path, netlink };
}

/** Throws Failure where rules cannot be seen. */
export async function requireNetAdmin(what: string): Promise<void> {
  const status = (await nodeFiles.text("/proc/self/status")) ?? "";
  if (lackingCapabilities(status, ["CAP_NET_ADMIN"]).length === 0) return;
  throw new Failure(`${what} needs root: the kernel shows rules only to CAP_NET_ADMIN; try sudo`);
}
