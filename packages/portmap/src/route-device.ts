import { deviceTo, exchangeOver } from "@cni-chain/netlink";
import type { Host } from "./tools.ts";

/**
 * The device that packets to an IPv4 address leave by, as the kernel's routing says now; undefined where no route
 * leads there. Asked in this process, or of `ip` where that cannot be.
 */
export async function routeDevice(
  address: string,
  { runner, netlink }: Pick<Host, "runner" | "netlink">,
): Promise<string | undefined> {
  if (netlink === undefined) return (await import("@cni-chain/ip-ts")).routeDevice(runner, address);
  // Behind what is being started right now, the tool that reads the rules: so both take their time at once.
  await new Promise(setImmediate);
  const socket = netlink();
  try {
    return deviceTo(exchangeOver(socket), new Uint8Array(address.split(".").map(Number)));
  } finally {
    socket.close();
  }
}
