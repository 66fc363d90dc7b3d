import type { Bytes, BytesPerSecond } from "./units.ts";

/** The name of a qdisc: major number in hexadecimal and a colon, as `1:` or `ffff:`. */
export type Handle = `${string}:`;

/** Token bucket filter, tc-tbf(8): lets `rate` through, `burst` at once, and queues what it makes wait. */
export interface Tbf {
  readonly kind: "tbf";
  readonly handle: Handle;
  readonly rate: BytesPerSecond;
  /** Bucket size. A packet larger than it never passes, unless it is a GSO packet, which is cut up. */
  readonly burst: Bytes;
  /** Bytes that may be queued, those the bucket lets through included. */
  readonly limit: Bytes;
}

/** Where filters on arriving packets hang. A device has one of the two at most, always with handle `ffff:`. */
export type IngressHook = { readonly kind: "ingress" } | { readonly kind: "clsact" };

/** A qdisc this library does not know more of. */
export interface OtherQdisc {
  readonly kind: "other";
  readonly type: string;
  /** `0:` marks one the kernel has put there itself. */
  readonly handle: Handle;
  readonly root: boolean;
}

export type Qdisc = (Tbf & { readonly root: boolean }) | IngressHook | OtherQdisc;

/** A u32 filter that redirects to another device's egress: `action mirred egress redirect dev …`. */
export interface RedirectFilter {
  readonly kind: "redirect";
  /** 1 is asked first. */
  readonly preference: number;
  readonly protocol: string;
  /** Number of the filter, as `800::800`. */
  readonly handle: string;
  /** True where the filter takes every packet. */
  readonly matchAll: boolean;
  /** Undefined once the device has been deleted: the filter stays, and drops what it takes. */
  readonly target: string | undefined;
}

/** A filter this library does not know more of: bpf, flower, a u32 filter that does something else. */
export interface OtherFilter {
  readonly kind: "other";
  readonly type: string;
  readonly preference: number;
  readonly protocol: string;
}

export type Filter = RedirectFilter | OtherFilter;

/** What shapes a device's traffic: its qdiscs, and the filters on what arrives at it. */
export interface DeviceShaping {
  readonly qdiscs: readonly Qdisc[];
  readonly filters: readonly Filter[];
}
