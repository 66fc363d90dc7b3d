import { Buffer } from "node:buffer";
import type { OpenSocket } from "@cni-chain/netlink";
import { readNetlink, type Sent } from "./read-netlink.ts";

/** A kernel that has a link of every name, and takes every message. */
export class FakeKernel {
  /** What changes anything, by its meaning. */
  readonly changes: Sent[] = [];
  readonly #indices = new Map<string, number>();

  /** The index that the link of this name has. */
  indexOf(name: string): number {
    const index = this.#indices.get(name) ?? this.#indices.size + 7;
    this.#indices.set(name, index);
    return index;
  }

  readonly open: OpenSocket = () => {
    const answers: Uint8Array[] = [];
    return {
      send: (message) => {
        const sent = readNetlink(message);
        const sequence = Buffer.from(message).readUInt32LE(8);
        if (sent.do !== "getLink") this.changes.push(sent);
        else answers.push(this.#link(String(sent["name"]), sequence));
        // The acknowledgement of linux/netlink.h: error 0, and the request's header.
        answers.push(withHeader(2, sequence, Buffer.alloc(20)));
      },
      receive: () => answers.shift(),
      close: () => {},
    };
  };

  #link(name: string, sequence: number): Uint8Array {
    const text = Buffer.from(`${name}\0`);
    const body = Buffer.alloc(20 + ((text.length + 3) & ~3));
    body.writeInt32LE(this.indexOf(name), 4);
    body.writeUInt16LE(text.length + 4, 16);
    body.writeUInt16LE(3, 18);
    text.copy(body, 20);
    return withHeader(16, sequence, body);
  }
}

function withHeader(type: number, sequence: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(0x100, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}
