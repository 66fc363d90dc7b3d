import { parseAddress, parseCidr } from "@cni-chain/core";

/** True for an address of a network, which may be an address alone. False for the other family's and for what is neither. */
export function isWithin(address: string, network: string): boolean {
  const one = parseAddress(address);
  const net = network.includes("/") ? parseCidr(network) : parseAddress(network);
  if (one === undefined || net === undefined || one.family !== net.family) return false;
  const prefix =
    "prefix" in net && typeof net.prefix === "number" ? net.prefix : one.family === "v4" ? 32 : 128;
  return bitsOf(one.address).slice(0, prefix) === bitsOf(net.address).slice(0, prefix);
}

export function isLoopback(address: string): boolean {
  return isWithin(address, "127.0.0.0/8") || isWithin(address, "::1");
}

/** Another address of the same network: the one behind it, or before it at the network's end. */
export function neighbourOf(cidr: string): string | undefined {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) return undefined;
  const bits = bitsOf(parsed.address);
  const number = BigInt(`0b${bits}`);
  const candidates = [number + 1n, number - 1n].map((one) => spell(one, parsed.family));
  return candidates.find((one) => one !== undefined && isWithin(one, cidr));
}

function spell(number: bigint, family: "v4" | "v6"): string | undefined {
  if (number < 0n) return undefined;
  const hex = number.toString(16).padStart(family === "v4" ? 8 : 32, "0");
  const text =
    family === "v4"
      ? (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join(".")
      : (hex.match(/.{4}/g) ?? []).join(":");
  return parseAddress(text)?.address;
}

function bitsOf(address: string): string {
  if (!address.includes(":")) {
    return address
      .split(".")
      .map((part) => Number(part).toString(2).padStart(8, "0"))
      .join("");
  }
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(zeros).fill("0"), ...after]
    .map((group) => Number.parseInt(group, 16).toString(2).padStart(16, "0"))
    .join("");
}
