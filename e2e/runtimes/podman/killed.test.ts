import { afterAll, beforeAll, expect, test } from "vitest";
import { callPlugin } from "../../lib/binary.ts";
import { plugin, plugins } from "../../lib/plugins.ts";
import { until } from "../../lib/poll.ts";
import { difference } from "../../lib/snapshot.ts";
import { bandwidth, portmap } from "../../lib/stage.ts";
import { ask } from "../../lib/traffic.ts";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { shows } from "../lib/shows.ts";
import { takeTraces } from "../lib/traces.ts";
import { networkName, podmanNetwork } from "./networks.ts";
import { Podman } from "./podman.ts";
import { type HaltingPoint, haltAt, killProcess } from "./stand-in.ts";

const limits = { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 8_000_000, egressBurst: 800_000 };
const web = { name: "web", network: 1, publish: ["8080:80", "5353:53/udp"] };
const killed = shows("runtime killed in a pod's start");

let podman: Podman;

beforeAll(async () => {
  podman = await Podman.start([podmanNetwork(1, [portmap(), bandwidth(limits)])]);
  await podman.run({ name: "first", network: 1, publish: ["7001:80"] });
});
afterAll(() => podman.close());
keepLogsOfFailures(() => podman.machine);

/** Lines of what the chained plugins make for a container. */
const ofPlugins = /CNI-DN-|bwp|\btbf\b|qdisc ingress|u32/;

/** GC of the chained plugins, with the containers that podman knows. */
async function collect(): Promise<void> {
  const listed = await podman.call("ps", "--all", "--no-trunc", "--format", "{{.ID}}");
  const attachments = listed
    .split("\n")
    .filter((id) => id !== "")
    .map((containerID) => ({ containerID, ifname: "eth0" }));
  for (const type of ["portmap", "bandwidth"]) {
    const answer = await callPlugin(podman.machine.node, {
      binary: plugin(type),
      env: { CNI_COMMAND: "GC", CNI_PATH: plugins },
      stdin: { cniVersion: "1.1.0", name: networkName(1), type, "cni.dev/valid-attachments": attachments },
    });
    expect(answer.exitCode, answer.stdout).toBe(0);
  }
}

async function expectFirstServed(): Promise<void> {
  const { host, node4 } = podman.machine.uplink;
  expect(await ask(host, node4, 7001)).toEqual({ server: "first" });
}

const points: readonly HaltingPoint[] = [
  { type: "portmap", command: "ADD", when: "before" },
  { type: "portmap", command: "ADD", when: "after" },
  { type: "bandwidth", command: "ADD", when: "after" },
];

// podman notes a network when all of it is there, so that no DEL comes for what it had begun.
test.each(points)(
  "killed in `run`, $when $type's ADD: the port is free for the next container, GC takes the rest",
  killed,
  async (point) => {
    const { node, uplink } = podman.machine;
    const before = await takeTraces(node);
    await using halt = await haltAt(node, point);
    const run = podman.begin(web);
    const pid = await run.ready();
    await halt.reached();
    await halt.kill(pid);
    await run.stop();
    // It may complain of a mount it has forgotten, too, but forgets the container.
    await podman.try(["rm", "-f", "-t", "0", "web"]);
    expect(await podman.call("ps", "--all", "--format", "{{.Names}}")).toBe("first\n");

    await podman.run({ ...web, name: "next" });
    expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "next" });
    await collect();
    expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "next" });
    await podman.remove("next");
    expect(difference(before, await takeTraces(node)).filter((line) => ofPlugins.test(line))).toEqual([]);
    await expectFirstServed();
  },
);

test("killed when the container runs: it goes on, and `rm -f` leaves nothing", killed, async () => {
  const { node, uplink } = podman.machine;
  const before = await takeTraces(node);
  const run = podman.begin({ ...web, attached: true });
  const pid = await run.ready();
  const answered = () => ask(uplink.host, uplink.node4, 8080, { timeoutMs: 1000 });
  await until("the web server", answered);
  await killProcess(node, pid);
  await run.stop();
  expect(await answered()).toEqual({ server: "web" });
  await podman.remove("web");
  expect(difference(before, await takeTraces(node))).toEqual([]);
  await expectFirstServed();
});

test.each<HaltingPoint>([
  { type: "portmap", command: "DEL", when: "before" },
  { type: "portmap", command: "DEL", when: "after" },
  { type: "bandwidth", command: "DEL", when: "after" },
])("killed in `rm -f`, $when $type's DEL: `rm -f` again leaves nothing", async (point) => {
  const { node } = podman.machine;
  const before = await takeTraces(node);
  await podman.run(web);
  await using halt = await haltAt(node, point);
  const removal = podman.start("rm", "-f", "-t", "0", "web");
  const pid = await removal.ready();
  await halt.reached();
  await halt.kill(pid);
  await removal.stop();
  await podman.remove("web");
  expect(difference(before, await takeTraces(node))).toEqual([]);
  await expectFirstServed();
});
