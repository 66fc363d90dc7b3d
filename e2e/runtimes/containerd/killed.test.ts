import { describe, expect, test } from "vitest";
import { ours } from "../../lib/reference.ts";
import { difference } from "../../lib/snapshot.ts";
import { barrierReached, type Moment, raiseBarrier } from "../lib/barrier.ts";
import { shows } from "../lib/shows.ts";
import { takeTraces } from "../lib/traces.ts";
import { containerdInSuite } from "./in-suite.ts";
import { busyPod } from "./pod.ts";

const moments: readonly Moment[] = [
  { side: "before", plugin: "portmap" },
  { side: "after", plugin: "portmap" },
  { side: "after", plugin: "bandwidth" },
];

for (const moment of moments) {
  describe(`killed ${moment.side} ${moment.plugin}'s ADD and started again`, () => {
    const containerd = containerdInSuite();

    test(
      "containerd removes the pod, and nothing is left",
      shows("runtime killed in a pod's start"),
      async () => {
        const { node } = containerd().machine;
        await containerd().warmUp();
        const before = await takeTraces(node);

        await raiseBarrier(node, moment);
        const lost = containerd()
          .runPod(busyPod("web", 8080))
          .then(
            () => "the pod is up",
            (error: Error) => error.message,
          );
        await barrierReached(node);
        await containerd().kill();
        expect(await lost).toContain("RunPodSandbox: ");
        expect(difference(before, await takeTraces(node))).not.toEqual([]);

        await containerd().install(ours);
        await containerd().run();
        const { items } = await containerd().call("ListPodSandbox", {});
        expect(items).toMatchObject([{ metadata: { name: "web" }, state: "SANDBOX_NOTREADY" }]);
        for (const pod of items) await containerd().removePod(pod);
        expect(difference(before, await takeTraces(node))).toEqual([]);
        expect(await containerd().call("ListPodSandbox", {})).toEqual({ items: [] });
      },
    );
  });
}
