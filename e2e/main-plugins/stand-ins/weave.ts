import { deleteLink, freeNumber, hasLink, ip, type StandIn, takeNumber } from "./call.ts";

const hostVeth = (containerId: string): string => `vethwepl${containerId.slice(0, 7)}`;
const [bridge, gateway] = ["weave", "10.32.0.1"];

/**
 * weaveworks/weave, plugin/net/cni.go: pairs on the bridge `weave`, one subnet of /12 for all nodes. The plugin prints a
 * result of the days before 0.3.0 (`ip4`); what libcni makes of it has no interfaces at all.
 */
export const weave: StandIn = {
  add(call) {
    const { containerId, netns, ifname, conf } = call;
    const veth = hostVeth(containerId);
    const address = `10.32.0.${takeNumber(call)}/12`;
    if (!hasLink(bridge)) {
      ip([
        `link add ${bridge} address 0a:58:0a:20:00:01 type bridge`,
        `address add ${gateway}/12 dev ${bridge}`,
        `link set ${bridge} up`,
      ]);
    }
    ip([
      `link add ${veth} type veth peer name ${ifname} netns ${netns}`,
      `link set ${veth} master ${bridge} up`,
      ...(conf["hairpinMode"] === true ? [`link set ${veth} type bridge_slave hairpin on`] : []),
    ]);
    ip(
      [
        `address add ${address} dev ${ifname}`,
        `link set ${ifname} up`,
        `route add default via ${gateway} dev ${ifname}`,
      ],
      netns,
    );
    return {
      ips: [{ version: "4", address, gateway }],
      routes: [{ dst: "0.0.0.0/0", gw: gateway }],
      dns: {},
    };
  },
  del(call) {
    deleteLink(hostVeth(call.containerId));
    freeNumber(call);
  },
};
