import type { Counts } from "./protocol.ts";

/** For strace's `-e trace=`; a `?` stands before what not every architecture has. */
export const tracedCalls =
  "?fork,?vfork,clone,?clone3,sendto,sendmsg,?sendmmsg,write,writev,getsockopt,setsockopt,ioctl";

/** Counts processes and transactions with the kernel in the lines of `strace -ff -yy` of one plugin's call. */
export function countCalls(lines: readonly string[]): Counts {
  return {
    processes: 1 + lines.filter(startsProcess).length,
    transactions: lines.filter(isTransaction).length,
  };
}

function startsProcess(line: string): boolean {
  return /^(v?fork|clone3?)\(/.test(line) && !line.includes("CLONE_THREAD") && / = \d+(<.*>)?$/.test(line);
}

function isTransaction(line: string): boolean {
  return (
    /^send(to|msg|mmsg)\(.*\bAF_NETLINK\b/.test(line) ||
    /^(send(to|msg|mmsg)|writev?)\(\d+<NETLINK:/.test(line) ||
    // 64 and up: the commands of <linux/netfilter_ipv4/ip_tables.h>, by name or number as strace knows them.
    /^[gs]etsockopt\([^,]*, SOL_IP(V6)?, (IP6?T_SO_|0x4)/.test(line) ||
    /^ioctl\([^,]*, SIOC/.test(line)
  );
}
