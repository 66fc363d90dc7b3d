import { deleteLink, freeNumber, ip, macOf, type StandIn, sysctl, takeNumber } from "./call.ts";

const hostVeth = (containerId: string): string => `cali${containerId.slice(0, 11)}`;
/** Every host end has this MAC, and so its link-local address is the same everywhere. */
const [hostMac, gateway4, gateway6] = ["ee:ee:ee:ee:ee:ee", "169.254.1.1", "fe80::ecee:eeff:feee:eeee"];

/**
 * projectcalico/calico, cni-plugin/pkg: a pair for each pod, no address at the host's end, which answers ARP for the gateway
 * 169.254.1.1; /32 and /128 routes to the pod. The result lists the host's end alone, with the container's MAC and
 * the container's sandbox, and addresses without gateway and without `interface`.
 */
export const calico: StandIn = {
  add(call) {
    const { containerId, netns, ifname, conf } = call;
    const [veth, number, mtu] = [hostVeth(containerId), takeNumber(call), Number(conf["mtu"])];
    const [address4, address6] = [`192.168.77.${number}`, `fd00:77::${number.toString(16)}`];
    ip([
      `link add ${veth} mtu ${mtu} address ${hostMac} type veth peer name ${ifname} mtu ${mtu} netns ${netns}`,
      `link set ${veth} up`,
    ]);
    ip(
      [
        `link set ${ifname} up`,
        `route add ${gateway4} dev ${ifname} scope link`,
        `route add default via ${gateway4} dev ${ifname}`,
        `address add ${address4}/32 dev ${ifname}`,
        `address add ${address6}/128 dev ${ifname} nodad`,
        `route add default via ${gateway6} dev ${ifname}`,
      ],
      netns,
    );
    sysctl(`ipv4/conf/${veth}/route_localnet`, 1);
    sysctl(`ipv4/neigh/${veth}/proxy_delay`, 0);
    sysctl(`ipv4/conf/${veth}/proxy_arp`, 1);
    sysctl(`ipv6/conf/${veth}/proxy_ndp`, 1);
    ip([`route add ${address4} dev ${veth} scope link`, `route add ${address6} dev ${veth}`]);
    return {
      interfaces: [{ name: veth, mac: macOf(ifname, netns), sandbox: netns }],
      ips: [
        { version: "4", address: `${address4}/32` },
        { version: "6", address: `${address6}/128` },
      ],
      dns: {},
    };
  },
  del(call) {
    deleteLink(hostVeth(call.containerId));
    freeNumber(call);
  },
};
