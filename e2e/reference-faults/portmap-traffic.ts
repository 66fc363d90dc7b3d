import { mapping, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, web } from "./scene.ts";

const dns = { portMappings: [mapping(53, 53, { protocol: "udp" })] };
const flow = { protocol: "udp", sourcePort: 40_000 } as const;
const flows = (scene: Scene) => scene.sh("conntrack -L -p udp 2>/dev/null | grep 'sport=40000 dport=53'");

export const portmapTrafficFaults: readonly Fault[] = [
  {
    plugin: "portmap",
    id: "udp-flows-after-del",
    reported: "P#1190",
    title: "UDP flows to a pod that is gone",
    reference: "stay, and lead a moved DNS pod's clients nowhere",
    ours: "end with DEL",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const { host, node4 } = scene.stage.uplink;
      const pod = await scene.pod("dns", dns);
      await scene.succeed("ADD", portmap(), pod);
      await serve(pod.pod, "dns", 53, "udp");
      if ((await ask(host, node4, 53, flow)) === undefined) throw new Error("the pod does not answer");
      await scene.succeed("DEL", portmap(), pod);
      const left = await flows(scene);
      return wrongIf(left !== "", left);
    },
  },
  {
    plugin: "portmap",
    id: "udp-flows-of-others",
    title: "UDP flows of others to the same port of somewhere else",
    reference: "are cut by any ADD with that hostPort",
    ours: "are left alone",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const { host, host4 } = scene.stage.uplink;
      const asking = await scene.pod("asking", web);
      await scene.succeed("ADD", portmap(), asking);
      await serve(host, "elsewhere", 53, "udp");
      if ((await ask(asking.pod, host4, 53, flow)) === undefined) throw new Error("the server is silent");
      if ((await flows(scene)) === "") throw new Error("the kernel tracks no connection");
      await scene.succeed("ADD", portmap(), await scene.pod("dns", dns));
      const kept = await flows(scene);
      return wrongIf(kept === "", kept);
    },
  },
  {
    plugin: "portmap",
    id: "loopback-open",
    reported: "P#729",
    title: "a pod that routes 127.0.0.1 to the node, once route_localnet is on",
    reference: "reaches what listens on the node's loopback alone",
    ours: "is stopped by a guard in table raw",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap(), pod);
      await pod.pod.sysctl({ "ipv4/conf/all/route_localnet": 1, "ipv4/conf/eth0/route_localnet": 1 });
      await pod.pod.ip("route add 127.0.0.0/8 via 10.88.0.1 dev eth0");
      const match = "INPUT ! -i lo -d 127.0.0.1 -p udp --dport 7777";
      await scene.node.run(["iptables", "-I", ...match.split(" ")]);
      await ask(pod.pod, "127.0.0.1", 7777, { protocol: "udp", timeoutMs: 300 });
      const counted = await scene.sh("iptables -nvxL INPUT | sed -n 3p");
      return wrongIf(!/^\s*0\s/.test(counted), counted);
    },
  },
  {
    plugin: "portmap",
    id: "loopback-stays-open",
    reported: "P#729",
    title: "route_localnet after the last pod is gone",
    reference: "stays on",
    ours: "is off again where ours had set it",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const read = () => scene.sh("cat /proc/sys/net/ipv4/conf/cni0/route_localnet");
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap(), pod);
      if ((await read()) !== "1") throw new Error("ADD has not opened it");
      await scene.succeed("DEL", portmap(), pod);
      return wrongIf((await read()) === "1", `route_localnet = ${await read()}`);
    },
  },
];
