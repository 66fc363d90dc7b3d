import { parseAddress } from "@cni-chain/core";

/** A socket that waits for connections or datagrams, in /proc/net/{tcp,tcp6,udp,udp6}, proc_pid_net(5). */
export interface Listener {
  /** In its canonical spelling; unspecified: all of the node's, or the pod's. */
  readonly address: string;
  readonly unspecified: boolean;
  readonly port: number;
}

/** Reads such a table. TCP sockets listen in state 0A; of UDP all count that are not connected, state 07. */
export function parseListeners(text: string): Listener[] {
  return text.split("\n").flatMap((line) => {
    const [, hex = "", port = "", state] =
      /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} (0A|07) /.exec(line) ?? [];
    if (state === undefined) return [];
    const parsed = parseAddress(spelt(hex));
    if (parsed === undefined) return [];
    return [{ address: parsed.address, unspecified: parsed.unspecified, port: Number.parseInt(port, 16) }];
  });
}

/** Each 32 bits as the machine keeps them, little-endian on every machine we run on. */
function spelt(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  return (bytes.join("").match(/.{4}/g) ?? []).join(":");
}

/** Whether a packet to the address would find a listener; one of `::` takes IPv4 as well, unless it says otherwise. */
export function hears(listeners: readonly Listener[], address: string, port: number): boolean {
  return listeners.some((one) => one.port === port && (one.unspecified || one.address === address));
}
