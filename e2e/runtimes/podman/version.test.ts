import { afterAll, beforeAll, expect, test } from "vitest";
import { difference } from "../../lib/snapshot.ts";
import { bandwidth, loopback, portmap } from "../../lib/stage.ts";
import { ask } from "../../lib/traffic.ts";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { takeTraces } from "../lib/traces.ts";
import { networkName, podmanNetwork, writeNetwork } from "./networks.ts";
import { Podman } from "./podman.ts";
import { noteCalls, seenCalls } from "./stand-in.ts";

const types = ["portmap", "bandwidth", "loopback"];
const chained = [portmap(), bandwidth(), loopback];

let podman: Podman;

beforeAll(async () => {
  podman = await Podman.start([]);
  await noteCalls(podman.machine.node, types);
});
afterAll(() => podman.close());
keepLogsOfFailures(() => podman.machine);

async function networks(): Promise<readonly string[]> {
  return (await podman.call("network", "ls", "--format", "{{.Name}}")).trim().split("\n");
}

test.each([
  [1, "0.3.0"],
  [2, "0.3.1"],
  [3, "0.4.0"],
  [4, "1.0.0"],
] as const)(
  "network %i, a file at CNI %s: podman asks every plugin for VERSION, and takes it",
  async (number, cniVersion) => {
    const { node } = podman.machine;
    await writeNetwork(node, podmanNetwork(number, chained, cniVersion));
    await seenCalls(node);
    expect(await networks()).toContain(networkName(number));
    const calls = await seenCalls(node);
    expect(new Set(calls.map(({ command }) => command))).toEqual(new Set(["VERSION"]));
    for (const type of types) {
      const call = calls.find((one) => one.type === type);
      expect(JSON.parse(call?.answer ?? "{}"), type).toMatchObject({
        supportedVersions: expect.arrayContaining([cniVersion]),
      });
    }
  },
);

test("a file at a CNI version that bandwidth does not speak is not taken", async () => {
  await writeNetwork(podman.machine.node, podmanNetwork(5, chained, "0.2.0"));
  expect(await networks()).not.toContain(networkName(5));
  await writeNetwork(podman.machine.node, podmanNetwork(5, [portmap(), loopback], "0.2.0"));
  expect(await networks()).toContain(networkName(5));
});

test("a network that podman made itself: it asks portmap for VERSION, and `run -p` works on it", async () => {
  const { node, uplink } = podman.machine;
  await podman.call("network", "create", "--subnet", "10.89.100.0/24", "own");
  await seenCalls(node);
  await podman.run({ name: "first", network: "own" });
  const before = await takeTraces(node);
  await podman.run({ name: "web", network: "own", publish: ["8080:80"] });
  expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "web" });
  expect(await ask(node, "127.0.0.1", 8080)).toEqual({ server: "web" });
  await podman.remove("web");
  expect(difference(before, await takeTraces(node))).toEqual([]);
  const commands = (await seenCalls(node))
    .filter(({ type }) => type === "portmap")
    .map(({ command }) => command);
  expect(new Set(commands)).toEqual(new Set(["VERSION", "ADD", "DEL"]));
});
