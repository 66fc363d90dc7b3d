import { deleteLink, freeNumber, hasLink, ip, macOf, type StandIn, takeNumber } from "./call.ts";

const hostVeth = (containerId: string): string => `lxc${containerId.slice(0, 12)}`;
const [gateway4, gateway6] = ["10.0.0.1", "fd00:10::1"];

/**
 * cilium/cilium, plugins/cilium-cni/cmd: a pair for each pod, the gateway's addresses on `cilium_host`, IPv6 in front of
 * IPv4 in the result, and both ends listed (releases before 2023 listed the pod's alone). What eBPF does there, answering
 * for the gateway and delivering to the pod, is done here by neighbour entries and a route to each pod's end.
 */
export const cilium: StandIn = {
  add(call) {
    const { containerId, netns, ifname } = call;
    const [veth, number] = [hostVeth(containerId), takeNumber(call)];
    const [address4, address6] = [`10.0.0.${number}`, `fd00:10::${number.toString(16)}`];
    if (!hasLink("cilium_host")) {
      ip([
        "link add cilium_host type veth peer name cilium_net",
        `address add ${gateway4}/32 dev cilium_host`,
        `address add ${gateway6}/128 dev cilium_host nodad`,
        "link set cilium_host up",
        "link set cilium_net up",
      ]);
    }
    ip([`link add ${veth} type veth peer name ${ifname} netns ${netns}`, `link set ${veth} up`]);
    const mac = macOf(veth);
    ip(
      [
        `link set ${ifname} up`,
        `address add ${address4}/32 dev ${ifname}`,
        `address add ${address6}/128 dev ${ifname} nodad`,
        ...[gateway4, gateway6].flatMap((gateway) => [
          `route add ${gateway} dev ${ifname}`,
          `route add default via ${gateway} dev ${ifname}`,
          `neigh add ${gateway} lladdr ${mac} dev ${ifname} nud permanent`,
        ]),
      ],
      netns,
    );
    ip([`route add ${address4} dev ${veth} scope link`, `route add ${address6} dev ${veth}`]);
    return {
      interfaces: [
        { name: veth, mac },
        { name: ifname, mac: macOf(ifname, netns), sandbox: netns },
      ],
      ips: [
        { version: "6", interface: 1, address: `${address6}/128`, gateway: gateway6 },
        { version: "4", interface: 1, address: `${address4}/32`, gateway: gateway4 },
      ],
      routes: [
        { dst: `${gateway6}/128` },
        { dst: "::/0", gw: gateway6 },
        { dst: `${gateway4}/32` },
        { dst: "0.0.0.0/0", gw: gateway4 },
      ],
      dns: {},
    };
  },
  del(call) {
    deleteLink(hostVeth(call.containerId));
    freeNumber(call);
  },
};
