/** Whom a socket of family AF_NETLINK speaks to: links, addresses, routes and qdiscs, or nf_tables. */
export type Protocol = "route" | "netfilter";

/** A socket of family AF_NETLINK, as far as an exchange needs one. */
export interface Socket {
  /** Sends one message to the kernel, which has carried it out when this returns. */
  send(message: Uint8Array): void;
  /** The next datagram of answers, or undefined where none is waiting. Never waits. */
  receive(): Uint8Array | undefined;
  close(): void;
}

/** Opens a socket in the network namespace at this path, or where the caller is at home. Throws NetlinkError, or FileError. */
export type OpenSocket = (netns?: string, protocol?: Protocol) => Socket;
