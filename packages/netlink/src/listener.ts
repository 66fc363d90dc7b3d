/** Hears of changes in the kernel, without being told what they are. */
export interface Listener {
  /**
   * True where anything was said since the last time, or may have been: too much for the socket counts as well. Never
   * waits. The kernel announces a qdisc also when somebody has only asked for it: messages on behalf of sockets that are
   * `own`, by their port (nlmsg_pid), are passed over.
   */
  heard(own?: ReadonlySet<number>): boolean;
  close(): void;
}

/** Multicast groups of rtnetlink (RTNLGRP_… of linux/rtnetlink.h): links, and their qdiscs and filters. */
export const routeGroup = { link: 1, trafficControl: 4 } as const;

/** The port that each message of a datagram bears: of whom it is an answer to, or on whose behalf it is said. */
export function portsIn(datagram: Uint8Array): readonly number[] {
  const ports: number[] = [];
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  for (let at = 0; at + 16 <= datagram.length; ) {
    ports.push(view.getUint32(at + 12, true));
    at += Math.max(16, (view.getUint32(at, true) + 3) & ~3);
  }
  return ports;
}
