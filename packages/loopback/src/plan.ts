import { CniError, ErrorCode, type Result } from "@cni-chain/core";
import type { Address, LinkWithAddresses } from "@cni-chain/ip-ts";

/** Addresses of `lo` that reach further than the container: 127.0.0.0/8 and ::1 are all that belong there. */
export function foreignAddresses(lo: LinkWithAddresses): readonly string[] {
  const foreign: string[] = [];
  for (const address of lo.addresses) if (!isLoopback(address)) foreign.push(withPrefix(address));
  return foreign;
}

/** Throws CniError where `lo` has an address by which others would be reached as the container itself. */
export function refuseForeignAddresses(lo: LinkWithAddresses, netns: string): void {
  const foreign = foreignAddresses(lo);
  if (foreign.length === 0) return;
  throw new CniError(
    ErrorCode.operationFailed,
    `lo in ${netns} has addresses other than loopback ones: ${foreign.join(", ")}`,
    "This may not be a container's own network namespace. Remove the addresses, or give the container a new one.",
  );
}

/** The result where no plugin came before: `lo` and its first address of each family, as the reference's. */
export function freshResult(lo: LinkWithAddresses, netns: string): Result {
  const first = (family: Address["family"]) =>
    lo.addresses.filter((address) => address.family === family).slice(0, 1);
  return {
    interfaces: [{ name: "lo", mac: "00:00:00:00:00:00", sandbox: netns }],
    ips: [...first("inet"), ...first("inet6")].map((address) => ({
      address: withPrefix(address),
      interface: 0,
    })),
    routes: [],
    dns: {},
  };
}

function isLoopback({ family, address }: Address): boolean {
  return family === "inet" ? address.startsWith("127.") : address === "::1";
}

function withPrefix({ address, prefixLength }: Address): string {
  return `${address}/${prefixLength}`;
}
