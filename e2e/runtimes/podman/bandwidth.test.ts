import { afterAll, beforeAll, expect, test } from "vitest";
import { bandwidth, portmap } from "../../lib/stage.ts";
import { measure, type Throughput } from "../../lib/traffic.ts";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { shows } from "../lib/shows.ts";
import { podmanNetwork } from "./networks.ts";
import { type Container, Podman } from "./podman.ts";

const mbit = 1_000_000;
const listen = 5201;
const [ingress, egress] = [10 * mbit, 20 * mbit];
// podman has no capability for it: the limits are the network's own, for each of its containers.
const limits = { ingressRate: ingress, ingressBurst: mbit, egressRate: egress, egressBurst: mbit };

let podman: Podman;
let limited: Container;
let free: Container;

beforeAll(async () => {
  podman = await Podman.start([
    podmanNetwork(1, [portmap(), bandwidth(limits)]),
    podmanNetwork(2, [portmap(), bandwidth()]),
  ]);
  limited = await podman.run({ name: "limited", network: 1, publish: [`8201:${listen}`] });
  free = await podman.run({ name: "free", network: 2, publish: [`8202:${listen}`] });
});
afterAll(() => podman.close());
keepLogsOfFailures(() => podman.machine);

/** Never more than the limit, counted from the first byte; and as much as that once the machine has time for it. */
function expectLimit({ mean, best }: Throughput, limit: number): void {
  expect(mean / limit).toBeLessThan(1.1);
  expect(best / limit).toBeGreaterThan(0.85);
}

function into({ place }: Container, port: number, until: number, seconds = 3): Promise<Throughput> {
  const { host, node4 } = podman.machine.uplink;
  return measure(host, { place, listen }, { host: node4, port }, { seconds, until });
}

function outOf({ place }: Container, until: number, seconds = 3): Promise<Throughput> {
  const { host, host4 } = podman.machine.uplink;
  return measure(place, { place: host, listen }, { host: host4, port: listen }, { seconds, until });
}

test("traffic into a container keeps to the network's ingressRate", shows("ingress limit"), async () => {
  expectLimit(await into(limited, 8201, 0.85 * ingress), ingress);
});

test("traffic out of a container keeps to the network's egressRate", shows("egress limit"), async () => {
  expectLimit(await outOf(limited, 0.85 * egress), egress);
});

test("a network with bandwidth and no rates limits nothing", async () => {
  expect((await into(free, 8202, 50 * mbit, 1)).best).toBeGreaterThan(50 * mbit);
  expect((await outOf(free, 50 * mbit, 1)).best).toBeGreaterThan(50 * mbit);
  expect(await podman.machine.node.run(["tc", "qdisc", "show"])).toContain("10Mbit");
});
