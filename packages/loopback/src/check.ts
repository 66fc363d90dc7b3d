import type { LinkWithAddresses } from "@cni-chain/ip-ts";
import { foreignAddresses } from "./plan.ts";

/** Every difference between `lo` as ADD leaves it and this one. */
export function differences(lo: LinkWithAddresses): readonly string[] {
  const found: string[] = [];
  if (!lo.up) found.push("lo: expected it up, found it down");
  const addresses = lo.addresses.map(({ address }) => address);
  if (!addresses.some((address) => address.startsWith("127.") || address === "::1")) {
    found.push(`lo: expected a loopback address (127.0.0.1 or ::1), found ${addresses.join(", ") || "none"}`);
  }
  for (const address of foreignAddresses(lo)) {
    found.push(`lo: expected loopback addresses alone, found ${address}`);
  }
  return found;
}
