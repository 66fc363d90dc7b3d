import { expect, test } from "vitest";
import { difference } from "../../lib/snapshot.ts";
import { ask } from "../../lib/traffic.ts";
import { shows } from "../lib/shows.ts";
import { takeTraces } from "../lib/traces.ts";
import { containerdInSuite } from "./in-suite.ts";
import { busyPod } from "./pod.ts";

const containerd = containerdInSuite();

test("eight pods come up and go down in parallel, and leave nothing", shows("pods in parallel"), async () => {
  const { node, uplink } = containerd().machine;
  await containerd().warmUp();
  const before = await takeTraces(node);
  const hostPorts = Array.from({ length: 8 }, (_, at) => 8080 + at);

  const pods = await Promise.all(
    hostPorts.map(async (hostPort) => {
      const pod = await containerd().runPod(busyPod(`web-${hostPort}`, hostPort));
      await containerd().serveWeb(pod);
      return pod;
    }),
  );
  for (const hostPort of hostPorts) {
    expect(await ask(uplink.host, uplink.node4, hostPort)).toEqual({ server: `web-${hostPort}` });
  }

  await Promise.all(pods.map((pod) => containerd().removePod(pod)));
  expect(difference(before, await takeTraces(node))).toEqual([]);
});
