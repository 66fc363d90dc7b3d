import type { Capability } from "@cni-chain/exec/requirements";
import type { Misnamed } from "../install/misnamed.ts";
import type { CacheProblem } from "../libcni/cache.ts";
import type { PortRow } from "../node/rows.ts";
import type { Situation } from "../repair/situation.ts";
import type { Validated } from "../validate/conf-list.ts";
import type { Known } from "./known.ts";

/** A command-line tool: where it is, and what it says of its version; empty where it could not be asked. */
export interface Tool {
  readonly name: string;
  readonly directory: string | undefined;
  readonly version: string;
}

/** A file of the configuration directory, with what is wrong with it. */
export interface NetworkFile {
  readonly file: string;
  readonly validated: Validated;
  /** Types of its plugins that are in no plugin directory. */
  readonly missing: readonly string[];
}

/** What a plugin of ours answers to STATUS. */
export interface PluginStatus {
  readonly plugin: string;
  /** The network whose configuration it was asked with; undefined for the defaults, where no network has the plugin. */
  readonly network: string | undefined;
  readonly missing: readonly string[];
  readonly warnings: readonly string[];
}

/** A packet mark's bit that portmap gives packets on this node. */
export interface MarkUse {
  readonly bit: number;
  /** Networks whose configuration says so. */
  readonly networks: readonly string[];
}

/** A chain that somebody else is to have made for marking. */
export interface MarkChain {
  readonly chain: string;
  readonly network: string;
}

/** A table of iptables with its rules. */
export interface RuleTable {
  readonly tool: string;
  readonly table: string;
  readonly chains: readonly {
    readonly chain: string;
    /** As the tool lists them, behind `-A CHAIN`. */
    readonly rules: readonly string[];
  }[];
}

/** What CHECK found of a cached attachment. */
export interface AttachmentCheck {
  readonly name: string;
  readonly plugin: string;
  readonly differences: readonly string[];
  /** The pod has lost what was to be checked, which no repair gives it back. */
  readonly isLost?: boolean;
  /** Why it could not be checked. */
  readonly problem?: string;
}

/** A device of the node that leads to pods, and lets nothing pass. */
export interface DownDevice {
  readonly device: string;
  readonly fault: "down" | "no carrier" | "no port";
  /** The bridge it was made a port of. */
  readonly bridge?: string | undefined;
  /** The container's interface and namespace, of the first attachment behind it. */
  readonly ifname: string;
  readonly netns: string;
  /** Names of attachments. */
  readonly behind: readonly string[];
}

/** A cached attachment whose network namespace is gone. */
export interface StaleEntry {
  readonly name: string;
  readonly network: string;
  readonly file: string;
  readonly netns: string;
}

/** The way that is open from 127.0.0.1: devices with route_localnet, and whether the guard stands. */
export interface LoopbackFacts {
  readonly open: readonly string[];
  /** Those of them whose senders may prescribe a packet's way, too: the kernel gives it its real address behind the guard. */
  readonly sourceRouted: readonly string[];
  readonly isGuarded: boolean;
}

/** A plugin that is not what its name says, and the directory it lies in. */
export interface MisnamedFile extends Misnamed {
  readonly directory: string;
}

/** Everything that was read of the node before any check is made. */
export interface Facts {
  readonly lacking: readonly Capability[];
  readonly tools: readonly Tool[];
  readonly confDir: string;
  readonly pluginDirs: readonly string[];
  readonly networks: Known<readonly NetworkFile[]>;
  readonly misnamed: Known<readonly MisnamedFile[]>;
  readonly statuses: Known<readonly PluginStatus[]>;
  readonly marks: { readonly uses: readonly MarkUse[]; readonly chains: readonly MarkChain[] };
  readonly tables: Known<readonly RuleTable[]>;
  readonly ports: Known<{ readonly rows: readonly PortRow[]; readonly problems: readonly string[] }>;
  /** Backends that ADD would take, by what the networks want. */
  readonly backends: readonly string[];
  readonly situation: Known<Situation>;
  readonly downDevices: Known<readonly DownDevice[]>;
  readonly attachments: Known<readonly AttachmentCheck[]>;
  readonly stale: Known<readonly StaleEntry[]>;
  readonly cacheProblems: Known<readonly CacheProblem[]>;
  readonly loopback: Known<LoopbackFacts>;
}
