import { type OpenSocket, portsIn } from "@cni-chain/netlink";

/** Sockets of this process, and the ports by which the kernel knows them. */
export interface OwnSockets {
  readonly open: OpenSocket;
  /** Ports that were answered on since `forget`. */
  readonly ports: ReadonlySet<number>;
  forget(): void;
}

/** Notes the port of every socket that is answered, so that a listener can tell what is said on our own behalf. */
export function ownSockets(open: OpenSocket): OwnSockets {
  const ports = new Set<number>();
  return {
    ports,
    forget: () => ports.clear(),
    open: (netns, protocol) => {
      const socket = open(netns, protocol);
      return {
        ...socket,
        receive() {
          const datagram = socket.receive();
          if (datagram !== undefined) for (const port of portsIn(datagram)) ports.add(port);
          return datagram;
        },
      };
    },
  };
}
