import { beforeAll, expect, test } from "vitest";
import { measure, type Throughput } from "../../lib/traffic.ts";
import { shows } from "../lib/shows.ts";
import { containerdInSuite } from "./in-suite.ts";
import { port, type RunningPod } from "./pod.ts";

const mbit = 1_000_000;
const listen = 5201;

const containerd = containerdInSuite();
let pod: RunningPod;

beforeAll(async () => {
  const ports = [port(8201, listen)];
  pod = await containerd().runPod({ name: "limited", ports, ingress: "10M", egress: "20M" });
});

/** Never more than the limit, counted from the first byte; and as much as that once the machine has time for it. */
function expectLimit({ mean, best }: Throughput, limit: number): void {
  expect(mean / limit).toBeLessThan(1.1);
  expect(best / limit).toBeGreaterThan(0.85);
}

test(
  "traffic into a pod keeps to its ingress annotation from the first second on",
  shows("ingress limit"),
  async () => {
    const { host, node4 } = containerd().machine.uplink;
    const limit = 10 * mbit;
    const options = { seconds: 3, until: 0.85 * limit };
    const to = { place: pod.place, listen };
    expectLimit(await measure(host, to, { host: node4, port: 8201 }, options), limit);
  },
);

test(
  "traffic out of a pod keeps to its egress annotation from the first second on",
  shows("egress limit"),
  async () => {
    const { host, host4 } = containerd().machine.uplink;
    const limit = 20 * mbit;
    const options = { seconds: 3, until: 0.85 * limit };
    expectLimit(
      await measure(pod.place, { place: host, listen }, { host: host4, port: listen }, options),
      limit,
    );
  },
);
