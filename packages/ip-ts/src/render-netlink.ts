import {
  type Attribute,
  deviceName,
  encodeAttributes,
  flag,
  joined,
  linkAttribute,
  linkHeader,
  linkInfoKind,
  linkType,
  type Request,
  u32,
} from "@cni-chain/netlink";
import { type LinkChange, renderLinkChange } from "./render.ts";

const flagUp = 1;
/** Without a zero at its end, as `ip` sends it: in an alias it would count as one of the 255 bytes. */
const unterminated = (text: string) => new TextEncoder().encode(text);

/** The change as a message of rtnetlink(7). Throws TypeError on what is no device name. */
export function linkChangeRequest(change: LinkChange): Request {
  const what = () => line(change);
  const name: Attribute = [linkAttribute.name, deviceName(change.name)];
  switch (change.do) {
    case "addIfb":
      return request(what, linkType.new, flag.create | flag.exclusive, linkHeader(), [
        [linkAttribute.mtu, u32(change.mtu)],
        [linkAttribute.txqlen, u32(change.txqlen)],
        name,
        [linkAttribute.info, [[linkInfoKind, unterminated("ifb")]]],
      ]);
    case "delete":
      return request(what, linkType.delete, 0, linkHeader(), [name]);
    case "set": {
      const attributes: Attribute[] = [];
      if (change.mtu !== undefined) attributes.push([linkAttribute.mtu, u32(change.mtu)]);
      if (change.txqlen !== undefined) attributes.push([linkAttribute.txqlen, u32(change.txqlen)]);
      if (change.alias !== undefined) attributes.push([linkAttribute.alias, unterminated(change.alias)]);
      attributes.push(name);
      const header = change.up === undefined ? linkHeader() : linkHeader(0, change.up ? flagUp : 0, flagUp);
      return request(what, linkType.new, 0, header, attributes);
    }
  }
}

/** The line of `ip` that would do the same, where there is one: a batch cannot hold every name that the kernel takes. */
function line(change: LinkChange): string {
  try {
    return renderLinkChange(change);
  } catch {
    return JSON.stringify(change);
  }
}

const getAddress = 22;
const addressHeaderBytes = 8;

/** Asks for the addresses of a link, of all families. Kernels before 4.20 answer with those of all links. */
export function addressesRequest(name: string, ifindex: number): Request {
  const header = new Uint8Array(addressHeaderBytes);
  new DataView(header.buffer).setUint32(4, ifindex, true);
  return { what: () => `addr show dev ${name}`, type: getAddress, flags: flag.dump, body: header };
}

function request(
  what: () => string,
  type: number,
  flags: number,
  header: Uint8Array,
  attributes: readonly Attribute[],
): Request {
  return { what, type, flags, body: joined([header, encodeAttributes(attributes)]) };
}
