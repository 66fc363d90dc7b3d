import type { JsonObject } from "./json.ts";
import type { Result } from "./result.ts";
import type { CniVersion } from "./versions.ts";

/** What a plugin is to a configuration: what it takes, and how it reads it. */
export interface Definition<Config> {
  /** The `type` of the plugin in a conflist, and the name of its executable. */
  readonly type: string;
  /** Oldest first. */
  readonly supportedVersions: readonly CniVersion[];
  /** Whether ADD and CHECK can do without a prevResult: a plugin that only ever stands later in a chain cannot. */
  readonly prevResult: "required" | "optional";
  /**
   * Reads the plugin's own fields of a network configuration whose keys are folded and whose shape the
   * schema has checked. Reports every problem at once.
   */
  readConfig(netConf: JsonObject): Read<Config>;
  /** Validates against the plugin's JSON Schema (compiled at build time). */
  readonly schema: CompiledSchema;
}

/** What a plugin is, for runPlugin: data and the functions that do the work of a command. */
export interface Plugin<Config> extends Definition<Config> {
  /** Gives the result to print: the prevResult, with what this plugin adds. Throws CniError. */
  add(call: AttachmentCall<Config>): Promise<Result>;
  /** Gives every difference between what ADD makes and what is there; empty means all is well. */
  check(call: AttachmentCall<Config>): Promise<readonly string[]>;
  /** Removes what ADD made, found by network name, container ID and ifname. What is gone already is success. */
  del(call: DelCall): Promise<void>;
  /**
   * Removes what ADD made for attachments to this network that are not valid any more, and nothing of other networks.
   * Goes on past failures and throws all of them together, see throwAll.
   */
  gc(call: GcCall): Promise<void>;
  /** Finds out, without changing anything, whether an ADD could be carried out. Throws CniError 50 or 51 where not. */
  status(call: StatusCall<Config>): Promise<void>;
}

export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** One thing wrong with a document: where, what, and what to do. */
export interface Problem {
  /** JSON path as `runtimeConfig.portMappings[2].hostPort`; empty for the document itself. */
  readonly path: string;
  /** A sentence that holds the offending value and what is allowed. */
  readonly message: string;
}

/** A validator compiled from `schemas/`, and the spelling of every key it knows. */
export interface CompiledSchema {
  readonly validate: (document: unknown) => readonly Problem[];
  readonly keys: KeyTree;
}

/** The known keys of an object, by their canonical spelling; `items` stands for the elements of an array. */
export interface KeyTree {
  readonly properties?: { readonly [key: string]: KeyTree };
  readonly items?: KeyTree;
  /** The schema allows a number here (a bigint is turned into one). */
  readonly numeric?: true;
}

/** The identity of an attachment: network, container, interface. */
export interface Attachment {
  /** `name` of the network configuration. */
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
}

/** An attachment to a network that is named elsewhere. */
export type AttachmentId = Omit<Attachment, "network">;

interface AnyCall {
  readonly cniVersion: CniVersion;
  /** One line for a person, on stderr; never mixed with the document on stdout. */
  warn(message: string): void;
}

interface Call extends AnyCall {
  readonly attachment: Attachment;
}

export interface AttachmentCall<Config> extends Call {
  readonly config: Config;
  /** CNI_NETNS. */
  readonly netns: string;
  /** The result of the plugins before, already in the inner shape; undefined at the head of a chain. */
  readonly prevResult: Result | undefined;
}

export interface DelCall extends Call {
  /** CNI_NETNS; undefined when it is empty or not set. */
  readonly netns: string | undefined;
  /** From 0.4.0 on, and only at the first DEL. Only ever a hint. */
  readonly prevResult: Result | undefined;
  /** The network configuration with folded keys, unchecked: a DEL never fails over configuration. */
  readonly netConf: JsonObject;
}

export interface GcCall extends AnyCall {
  /** `name` of the network configuration. */
  readonly network: string;
  /** All attachments to this network that are still valid; everything else of this network is stale. */
  readonly valid: readonly AttachmentId[];
  /** As for DEL: with folded keys, unchecked. */
  readonly netConf: JsonObject;
}

export interface StatusCall<Config> extends AnyCall {
  /** `name` of the network configuration. */
  readonly network: string;
  readonly config: Config;
}
