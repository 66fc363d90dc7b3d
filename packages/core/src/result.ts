import type { JsonObject } from "./json.ts";
import type { CniVersion } from "./versions.ts";

/** Under this key a result carries what it was read from; spreading a result into a new one takes it along. */
export const source: unique symbol = Symbol("source");

interface ResultSource {
  readonly version: CniVersion;
  /** As it was read, with folded keys. */
  readonly document: JsonObject;
  readonly interfaces: readonly Interface[];
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
}

/**
 * A result in the one shape used inside: that of CNI 1.x, whatever version it came in. Fields that are
 * not named here are kept where they stood and printed again.
 */
export interface Result {
  readonly interfaces: readonly Interface[];
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  /** Set by readResult alone, for resultDocument: a part nobody replaced is printed as it was read. */
  readonly [source]?: ResultSource;
  readonly [unknown: string]: unknown;
}

export interface Interface {
  readonly name: string;
  readonly mac?: string;
  /** Path of the network namespace; absent or empty for an interface of the node. */
  readonly sandbox?: string;
  readonly [unknown: string]: unknown;
}

export interface IpConfig {
  /** Address with prefix length, as `10.1.0.5/16`. */
  readonly address: string;
  readonly gateway?: string;
  /** Index into `interfaces`; may be absent, and may be out of range. */
  readonly interface?: number;
  readonly [unknown: string]: unknown;
}

export interface Route {
  readonly dst: string;
  readonly gw?: string;
  readonly [unknown: string]: unknown;
}
