import type { Runner } from "@cni-chain/exec";
import {
  changeLinks,
  deleteLink,
  deleteLinks,
  type LinkStep,
  linksOfKinds,
  observeLinks,
  type Where,
} from "./client.ts";
import type { Link, LinkWithAddresses } from "./link.ts";

/**
 * Links of a node, whoever carries it out: the `ip` of a runner (here), or this process by rtnetlink
 * (`@cni-chain/ip-ts/netlink`). Both give the same answers and leave the same behind. What cannot be done is thrown, as an
 * error that names the step; a link that is not there is an answer.
 */
export interface Links {
  /** The links of these names; a name that is no link is left out. */
  observe(names: readonly string[], where?: Where): Promise<ReadonlyMap<string, Link>>;
  /** Every link of these kinds (`veth`, `ifb`, …). Cost grows with the node. */
  ofKinds(kinds: readonly string[], where?: Where): Promise<readonly Link[]>;
  /**
   * The veth of our own namespace that is the other end of this one, of the namespace at that path: each points at the
   * other, by index and by namespace. Undefined where the other end is elsewhere. `ip` cannot tell one namespace without
   * name from another, so by tool it is always undefined.
   */
  otherEnd(veth: Link, netns: string): Promise<Link | undefined>;
  /** Takes the steps in their order and gives what the looks have seen. Stops at the first that fails; what came before stays made. */
  change(steps: readonly LinkStep[], where?: Where): Promise<readonly LinkWithAddresses[]>;
  delete(name: string, where?: Where): Promise<"deleted" | "absent">;
  /** Goes on past any that cannot be deleted, and names them; what is gone is success. */
  deleteAll(names: readonly string[], where?: Where): Promise<void>;
}

/** By `ip`: a process a call, another where something was not there to be deleted. Throws CommandError, TypeError. */
export function linksByTool(runner: Runner): Links {
  return {
    observe: (names, where) => observeLinks(runner, names, where),
    ofKinds: (kinds, where) => linksOfKinds(runner, kinds, where),
    otherEnd: async () => undefined,
    change: (steps, where) => changeLinks(runner, steps, where),
    delete: (name, where) => deleteLink(runner, name, where),
    deleteAll: (names, where) => deleteLinks(runner, names, where),
  };
}
