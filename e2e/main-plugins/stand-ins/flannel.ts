import { join } from "node:path";
import { type Call, run, type StandIn } from "./call.ts";

/** What flanneld writes to /run/flannel/subnet.env. */
const [network, subnet, mtu] = ["10.244.0.0/16", "10.244.0.0/24", 1450];

/**
 * flannel-io/cni-plugin: writes a configuration for the plugin `bridge` (bridge cni0, flanneld's subnet and MTU, what
 * `delegate` says on top) and hands on what that answers. The bridge is a real one, with host-local for addresses.
 */
export const flannel: StandIn = {
  add: (call) => JSON.parse(delegate(call)),
  del: (call) => void delegate(call),
};

function delegate({ conf }: Call): string {
  const delegated = {
    name: conf["name"],
    cniVersion: conf["cniVersion"],
    type: "bridge",
    bridge: "cni0",
    mtu,
    isGateway: true,
    ipMasq: false,
    ipam: {
      type: "host-local",
      dataDir: "/run/stand-ins/host-local",
      ranges: [[{ subnet }]],
      routes: [{ dst: network }],
    },
    ...Object(conf["delegate"]),
  };
  return run([join(process.env["CNI_PATH"] ?? "", "bridge")], JSON.stringify(delegated));
}
