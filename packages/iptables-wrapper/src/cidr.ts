/**
 * An address or CIDR in one spelling, for comparing: prefix length always there, host part masked off, IPv6 as
 * eight groups. Text that is neither (a host name, say) comes back unchanged. Reads what iptables prints
 * and what has been validated; it is no validator. Our own because a library costs a millisecond to load.
 */
export function normaliseCidr(text: string): string {
  const [address = "", length] = text.split("/");
  const isV6 = address.includes(":");
  const parts = isV6 ? groupsOf(address) : address.split(".").map(Number);
  const [count, bits] = isV6 ? [8, 16] : [4, 8];
  const prefix = length === undefined ? count * bits : Number(length);
  if (parts.length !== count || !parts.every((part) => part >= 0 && part < 2 ** bits) || !(prefix >= 0))
    return text;
  const masked = parts.map((part, at) => {
    const free = Math.min(bits, Math.max(0, (at + 1) * bits - prefix));
    return part - (part % 2 ** free);
  });
  const network = isV6 ? masked.map((part) => part.toString(16)).join(":") : masked.join(".");
  return `${network}/${prefix}`;
}

function groupsOf(address: string): number[] {
  const [head = [], tail, ...more] = address
    .split("::")
    .map((half) => (half === "" ? [] : half.split(":").flatMap(toGroups)));
  if (tail === undefined || more.length > 0) return more.length > 0 ? [] : head;
  return [...head, ...Array<number>(Math.max(0, 8 - head.length - tail.length)).fill(0), ...tail];
}

/** One group, or the two of an IPv4 address at the end. */
function toGroups(text: string): number[] {
  if (!text.includes(".")) return [Number.parseInt(text, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}
