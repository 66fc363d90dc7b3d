import ipaddr from "ipaddr.js";

/**
 * An address or CIDR as iptables-save prints it: host part masked off, prefix length always there, IPv6
 * compressed. Text that is neither (a host name, say) comes back unchanged.
 */
export function normaliseCidr(text: string): string {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  if (!ipaddr.isValid(address)) return text;
  const parsed = ipaddr.parse(address);
  const prefix = slash < 0 ? (parsed.kind() === "ipv4" ? "32" : "128") : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(prefix)) return text;
  const cidr = `${parsed.toString()}/${prefix}`;
  const network =
    parsed.kind() === "ipv4"
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr)
      : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  return `${network.toString()}/${Number(prefix)}`;
}
