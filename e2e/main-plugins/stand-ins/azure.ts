import { deleteLink, freeNumber, ip, macOf, type StandIn, sysctl, takeNumber } from "./call.ts";

const hostVeth = (containerId: string): string => `azv${containerId.slice(0, 7)}`;
const [virtualGateway, subnetGateway] = ["169.254.1.1", "10.240.0.1"];

/**
 * Azure/azure-container-networking, cni/network and network/transparent_endpointclient_linux.go: a pair for each pod, which
 * has its subnet's prefix but only the route to a virtual gateway, by a fixed neighbour entry; a route to the pod and
 * proxy ARP at the host's end. The result lists the container's interface alone, without sandbox, and the subnet's gateway.
 */
export const azure: StandIn = {
  add(call) {
    const { containerId, netns, ifname } = call;
    const veth = hostVeth(containerId);
    const address = `10.240.0.${takeNumber(call)}`;
    ip([
      `link add ${veth} type veth peer name ${ifname} netns ${netns}`,
      `link set ${veth} up`,
      `route add ${address} dev ${veth}`,
    ]);
    sysctl(`ipv4/conf/${veth}/proxy_arp`, 1);
    ip(
      [
        `address add ${address}/16 dev ${ifname}`,
        `link set ${ifname} up`,
        `route delete 10.240.0.0/16 dev ${ifname}`,
        `route add ${virtualGateway} dev ${ifname} scope link`,
        `route add default via ${virtualGateway} dev ${ifname}`,
        `neigh add ${virtualGateway} lladdr ${macOf(veth)} dev ${ifname} nud permanent`,
      ],
      netns,
    );
    return {
      interfaces: [{ name: ifname, mac: macOf(ifname, netns) }],
      ips: [{ version: "4", address: `${address}/16`, gateway: subnetGateway }],
      routes: [{ dst: "0.0.0.0/0", gw: subnetGateway }],
      dns: {},
    };
  },
  del(call) {
    deleteLink(hostVeth(call.containerId));
    freeNumber(call);
  },
};
