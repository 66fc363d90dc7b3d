import { describe, expect, test } from "vitest";
import { difference } from "../../lib/snapshot.ts";
import { ask } from "../../lib/traffic.ts";
import { shows } from "../lib/shows.ts";
import { takeTraces } from "../lib/traces.ts";
import { containerdInSuite } from "./in-suite.ts";
import { busyPod } from "./pod.ts";

// At DEL, containerd passes a prevResult from 0.4.0 on; results have another shape from 1.0.0 on. The second DEL of a
// pod, when it is removed, comes without network namespace and prevResult at any version.
for (const cniVersion of ["0.3.1", "0.4.0", "1.0.0"] as const) {
  describe(`conflist ${cniVersion}`, () => {
    const containerd = containerdInSuite({ cniVersion });

    test(
      "a pod is reached, and after Stop and Remove nothing is left",
      shows(`conflist ${cniVersion}`),
      async () => {
        const { node, uplink } = containerd().machine;
        await containerd().warmUp();
        const before = await takeTraces(node);

        const pod = await containerd().runPod(busyPod("web", 8080));
        await containerd().serveWeb(pod);
        expect(await ask(uplink.host, uplink.node4, 8080)).toEqual({ server: "web" });
        const traces = difference(before, await takeTraces(node));
        expect(traces).toContainEqual(
          expect.stringMatching(/^\+ iptables-\w+: .* -j DNAT --to-destination 10\.88\./),
        );
        expect(traces).toContainEqual(expect.stringMatching(/^\+ qdiscs: qdisc tbf .* dev bwp/));
        expect(traces).toContainEqual(expect.stringMatching(/^\+ files: .*\/10\.88\.0\.\d+$/));

        await containerd().removePod(pod);
        expect(difference(before, await takeTraces(node))).toEqual([]);
      },
    );
  });
}
