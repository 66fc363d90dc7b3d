import { type Exchange, errno, NetlinkError } from "@cni-chain/netlink";
import { arrivingFilters } from "tc-ts/counters";

/** The filters on what arrives at a device; undefined where it is gone since the links were read. Throws NetlinkError. */
export function arrivingUnlessGone(
  exchange: Exchange,
  device: string,
  ifindex: number,
): ReturnType<typeof arrivingFilters> | undefined {
  try {
    return arrivingFilters(exchange, device, ifindex);
  } catch (error) {
    const isGone =
      error instanceof NetlinkError && (error.errno === errno.ENODEV || error.errno === errno.EINVAL);
    if (isGone) return undefined;
    throw error;
  }
}
