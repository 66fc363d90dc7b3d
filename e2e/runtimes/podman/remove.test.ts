import { afterAll, beforeAll, expect, test } from "vitest";
import { difference } from "../../lib/snapshot.ts";
import { bandwidth, portmap } from "../../lib/stage.ts";
import { ask } from "../../lib/traffic.ts";
import type { Feature } from "../lib/feature-table.ts";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { shows } from "../lib/shows.ts";
import { takeTraces } from "../lib/traces.ts";
import { podmanNetwork } from "./networks.ts";
import { Podman } from "./podman.ts";

const limits = { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 8_000_000, egressBurst: 800_000 };
const chained = [portmap(), bandwidth(limits)];
const networks = [
  { network: 1, cniVersion: "0.3.1", feature: "conflist 0.3.1" },
  { network: 2, cniVersion: "0.4.0", feature: "conflist 0.4.0" },
  { network: 3, cniVersion: "1.0.0", feature: "conflist 1.0.0" },
] as const satisfies readonly { feature: Feature; network: number; cniVersion: string }[];

let podman: Podman;

beforeAll(async () => {
  podman = await Podman.start(
    networks.map(({ network, cniVersion }) => podmanNetwork(network, chained, cniVersion)),
  );
  // The bridges are everybody's and stay; so their first container is not among those that are looked at.
  for (const { network } of networks) {
    await podman.run({ name: `first${network}`, network, publish: [`${7000 + network}:80`] });
  }
});
afterAll(() => podman.close());
keepLogsOfFailures(() => podman.machine);

for (const { network, cniVersion, feature } of networks) {
  test(`rm -f leaves nothing of a container, conflist ${cniVersion}`, shows(feature), async () => {
    const { node, uplink } = podman.machine;
    const before = await takeTraces(node);
    const publish = ["8080-8081:80-81", "127.0.0.1:5353:53/udp"];
    await podman.run({ name: "web", network, publish });
    expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "web" });
    const made = difference(before, await takeTraces(node)).join("\n");
    expect(made).toContain("CNI-DN-");
    expect(made).toContain("bwp");
    await podman.remove("web");
    expect(difference(before, await takeTraces(node))).toEqual([]);
    expect(await ask(uplink.host, uplink.node4, 7000 + network)).toEqual({ server: `first${network}` });
  });
}

test("eight containers come and go at once, and leave nothing", shows("pods in parallel"), async () => {
  const { node, uplink } = podman.machine;
  const before = await takeTraces(node);
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8];
  await Promise.all(
    numbers.map((number) =>
      podman.run({ name: `one${number}`, network: 1 + (number % 3), publish: [`${9000 + number}:80`] }),
    ),
  );
  for (const number of numbers) {
    expect(await ask(uplink.host, uplink.node4, 9000 + number)).toEqual({ server: `one${number}` });
  }
  await Promise.all(numbers.map((number) => podman.remove(`one${number}`)));
  expect(difference(before, await takeTraces(node))).toEqual([]);
});

test("stop and start give a container its ports again", async () => {
  const { node, uplink } = podman.machine;
  const before = await takeTraces(node);
  await podman.run({ name: "again", network: 2, publish: ["8080:80"] });
  await podman.call("stop", "-t", "0", "again");
  expect(await ask(uplink.host, uplink.node4, 8080, { timeoutMs: 1000 })).toBeUndefined();
  await podman.call("start", "again");
  expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "again" });
  await podman.remove("again");
  expect(difference(before, await takeTraces(node))).toEqual([]);
});
