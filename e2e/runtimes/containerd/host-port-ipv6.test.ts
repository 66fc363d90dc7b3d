import { beforeAll, expect, test } from "vitest";
import { ask, serve } from "../../lib/traffic.ts";
import { shows } from "../lib/shows.ts";
import { containerdInSuite } from "./in-suite.ts";
import { port, type RunningPod } from "./pod.ts";

const containerd = containerdInSuite({ families: [4, 6] });
let web: RunningPod;
let other: RunningPod;

beforeAll(async () => {
  const ports = [port(8080, 80), port(5353, 53, { protocol: "UDP" })];
  [web, other] = await Promise.all([
    containerd().runPod({ name: "web", ports }),
    containerd().runPod({ name: "other" }),
  ]);
  await Promise.all([containerd().serveWeb(web), serve(web.place, "dns", 53, "udp")]);
});

test(
  "a hostPort of a pod with both families is reached from everywhere over IPv6",
  shows("hostPort over IPv6"),
  async () => {
    const { node, uplink } = containerd().machine;
    for (const from of [uplink.host, node, other.place, web.place]) {
      expect(await ask(from, uplink.node6, 8080), from.name).toEqual({ server: "web" });
      const datagram = await ask(from, uplink.node6, 5353, { protocol: "udp" });
      expect(datagram, from.name).toMatchObject({ server: "dns" });
    }
    expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "web" });
  },
);
