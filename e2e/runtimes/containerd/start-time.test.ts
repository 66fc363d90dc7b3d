import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pairwiseRatios, spread } from "../../bench/statistics.ts";
import { type Installation, ours, reference, whyNoReference } from "../../lib/reference.ts";
import { containerdInSuite } from "./in-suite.ts";
import { busyPod } from "./pod.ts";

const pairs = 11;
const containerd = containerdInSuite();

/** Milliseconds of RunPodSandbox, which returns when the pod is ready, for a pod with two hostPorts and both limits. */
async function startTime(plugins: Installation): Promise<number> {
  await containerd().install(plugins);
  const began = performance.now();
  const pod = await containerd().runPod(busyPod("timed", 8080));
  const took = performance.now() - began;
  const { status } = await containerd().call("PodSandboxStatus", { podSandboxId: pod.id, verbose: false });
  expect(status.state).toBe("SANDBOX_READY");
  await containerd().removePod(pod);
  return took;
}

function mebibytes({ directory }: Installation): string {
  const bytes = ["portmap", "bandwidth", "loopback"].map((type) => statSync(join(directory, type)).size);
  return (bytes.reduce((sum, size) => sum + size, 0) / 2 ** 20).toFixed(1);
}

test("the time to a running pod beside the reference's is told", async ({ task }) => {
  expect(whyNoReference()).toBeUndefined();
  await startTime(ours);
  await startTime(reference);
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    const sides = pair % 2 === 0 ? [ours, reference] : [reference, ours];
    for (const side of sides) (side === ours ? mine : theirs).push(await startTime(side));
  }
  const { runtimeName, runtimeVersion } = await containerd().call("Version", {});
  const ratio = spread(pairwiseRatios(mine, theirs));
  task.meta.figures = [
    `Time to a running pod on ${runtimeName} ${runtimeVersion}: 2 hostPorts, both limits, ${pairs} pairs`,
    `  ours ${spread(mine).median.toFixed(0)} ms, reference ${spread(theirs).median.toFixed(0)} ms (medians)`,
    `  ours over reference ${ratio.median.toFixed(2)} (median of pairs), quartiles ${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)}`,
    `  portmap, bandwidth and loopback on disk: ours ${mebibytes(ours)} MiB, reference ${mebibytes(reference)} MiB`,
  ];
});
