import { CniError, ErrorCode, parseAddress } from "@cni-chain/core";
import { files } from "@cni-chain/libc";
import { ipv4Number, parseFibTrie, parseIfInet6 } from "./parse-local-addresses.ts";
import { type Networks, parseRoutes } from "./parse-routes.ts";

/** What portmap reads from and writes to /proc, in the network namespace it runs in. */
export interface Kernel {
  /** False where the kernel was built or started without IPv6: then there can be no ip6tables rules. */
  hasIpv6(): boolean;
  /** Value of a sysctl by its path below /proc/sys; undefined where there is none of that name. */
  readSysctl(path: string): string | undefined;
  /** Throws CniError 5. */
  writeSysctl(path: string, value: string): void;
  /** The IPv4 networks that are routed to a device. */
  networksOf(device: string): Networks;
  /** A test for the node's own addresses, as they are now. */
  localAddresses(): (address: string) => boolean;
}

export const procKernel: Kernel = {
  hasIpv6: () => files.exists("/proc/net/if_inet6"),
  readSysctl(path) {
    const file = `/proc/sys/${path}`;
    return files.exists(file) ? files.readText(file).trim() : undefined;
  },
  writeSysctl(path, value) {
    try {
      files.writeText(`/proc/sys/${path}`, value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CniError(ErrorCode.ioFailure, `cannot set sysctl ${path} to ${value}`, reason);
    }
  },
  networksOf: (device) => parseRoutes(files.readText("/proc/net/route"), device),
  localAddresses() {
    const v4 = parseFibTrie(files.readText("/proc/net/fib_trie"));
    const v6 = new Set(procKernel.hasIpv6() ? parseIfInet6(files.readText("/proc/net/if_inet6")) : []);
    return (address) => {
      const parsed = parseAddress(address);
      if (parsed === undefined) return false;
      if (parsed.family === "v6") return v6.has(parsed.address);
      const number = ipv4Number(parsed.address);
      return v4.some(([first, last]) => number >= first && number <= last);
    };
  },
};
