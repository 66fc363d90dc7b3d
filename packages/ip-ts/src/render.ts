import { batchDevice, batchWord } from "./device-name.ts";

/** One change of a link. Missing fields are left as they are. */
export type LinkChange =
  | { readonly do: "addIfb"; readonly name: string; readonly mtu: number; readonly txqlen: number }
  | {
      readonly do: "set";
      readonly name: string;
      readonly up?: boolean;
      /** Bytes. */
      readonly mtu?: number;
      /** Packets. */
      readonly txqlen?: number;
      /** Free text of at most 255 characters, for people. */
      readonly alias?: string;
    }
  | { readonly do: "delete"; readonly name: string };

/** The change as a line of `ip -batch`. Throws TypeError on a name or text that a batch cannot hold. */
export function renderLinkChange(change: LinkChange): string {
  const name = batchDevice(change.name);
  switch (change.do) {
    case "addIfb":
      return `link add name ${name} mtu ${change.mtu} txqueuelen ${change.txqlen} type ifb`;
    case "delete":
      return `link delete dev ${name}`;
    case "set": {
      const words = [`link set dev ${name}`];
      if (change.mtu !== undefined) words.push(`mtu ${change.mtu}`);
      if (change.txqlen !== undefined) words.push(`txqueuelen ${change.txqlen}`);
      if (change.alias !== undefined) words.push(`alias ${batchWord(change.alias)}`);
      if (change.up !== undefined) words.push(change.up ? "up" : "down");
      return words.join(" ");
    }
  }
}
