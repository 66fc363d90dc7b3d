import { procKernel } from "@cni-chain/portmap/kernel";
import { sysctls } from "@cni-chain/portmap/node-requirements";
import { isLoopback } from "./addresses.ts";
import { routeOf } from "./node-facts.ts";
import type { Packet } from "./packet.ts";
import type { Scene } from "./scene.ts";
import type { Trace } from "./trace.ts";
import { walk } from "./walk.ts";

/** From the node itself: out by the device that leads to the pod. Undefined where nothing leaves. */
export async function leave(trace: Trace, { tools }: Scene, packet: Packet): Promise<Packet | undefined> {
  const { family, source, destination } = packet;
  const route = await routeOf(tools.runner, { to: destination });
  if (route.kind === "refused") {
    trace.stops("routing", `no way to ${destination}: ${route.reason}`);
    return undefined;
  }
  const { device } = route;
  const setting = `net/ipv4/conf/${device}/route_localnet`;
  const isOpen = [setting, "net/ipv4/conf/all/route_localnet"].some(
    (path) => procKernel.readSysctl(path) === "1",
  );
  if (!isLoopback(source)) trace.passes("routing", `out by ${device}`);
  else if (family === "v6") {
    trace.stops("routing", `from ${source} nothing leaves the node: IPv6 has no route_localnet`);
  } else if (isOpen) trace.passes("routing", `out by ${device}, whose route_localnet is 1`);
  else {
    const text = `route_localnet of ${device} is 0: nothing from ${source} leaves by it`;
    trace.stops("routing", text, `echo 1 >/proc/sys/${setting}`);
  }
  return trace.isOpen ? { ...packet, outDevice: device } : undefined;
}

/** From elsewhere: through the node, which has to forward, and whose rules have to let it. Undefined where they do not. */
export async function forward(trace: Trace, scene: Scene, packet: Packet): Promise<Packet | undefined> {
  const { family, source, destination, inDevice = "", mark } = packet;
  const path = family === "v4" ? `net/ipv4/conf/${inDevice}/forwarding` : sysctls.v6.forwarding;
  const forced =
    family === "v6" && procKernel.readSysctl(`net/ipv6/conf/${inDevice}/force_forwarding`) === "1";
  if (procKernel.readSysctl(path) === "0" && !forced) {
    const all = sysctls[family].forwarding;
    const setting = procKernel.readSysctl(all) === "0" ? all : path;
    trace.stops("routing", `sysctl ${setting} is 0: the node forwards nothing`, `sysctl -w ${setting}=1`);
    return undefined;
  }
  const route = await routeOf(scene.tools.runner, { to: destination, from: source, inDevice, mark });
  if (route.kind === "refused") {
    trace.stops("routing", `no way from ${source} by ${inDevice} to ${destination}: ${route.reason}`);
    return undefined;
  }
  trace.passes("routing", `out by ${route.device}${route.via === undefined ? "" : ` via ${route.via}`}`);
  const result = walk("forward", scene.chains, { ...packet, outDevice: route.device }, scene.node);
  return trace.walked("forward", result, "lets it pass") ? result.packet : undefined;
}
