import type { Handle, IngressHook, OtherFilter, RedirectFilter, Tbf } from "./qdisc.ts";

/** One change of a device's qdiscs or filters. */
export type TcChange =
  /** Makes the tbf the root qdisc, or gives the one of the same handle new numbers. Can be repeated. */
  | { readonly do: "setRootTbf"; readonly device: string; readonly tbf: Tbf }
  /** The kernel refuses when another root qdisc has taken its place: nobody else's is ever deleted. */
  | { readonly do: "deleteRoot"; readonly device: string; readonly handle: Handle }
  /** The kernel refuses when there is one already, of either kind. */
  | { readonly do: "addHook"; readonly device: string; readonly kind: IngressHook["kind"] }
  /** Takes every filter on it along. The kernel refuses when it is of the other kind. */
  | { readonly do: "deleteHook"; readonly device: string; readonly kind: IngressHook["kind"] }
  /** Every arriving packet goes to `target` instead; works on both kinds of hook. */
  | {
      readonly do: "addRedirect";
      readonly device: string;
      readonly preference: number;
      readonly target: string;
    }
  /** Deletes the one filter, by its number. */
  | {
      readonly do: "deleteRedirect";
      readonly device: string;
      readonly filter: Pick<RedirectFilter, "preference" | "protocol" | "handle">;
    }
  /** Deletes every filter of one preference, protocol and type, and the empty table that u32 leaves behind. */
  | {
      readonly do: "deletePreference";
      readonly device: string;
      readonly filter: Pick<OtherFilter, "preference" | "protocol" | "type">;
    };
