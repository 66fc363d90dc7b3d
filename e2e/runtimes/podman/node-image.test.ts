import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import { writeImage } from "../../../scripts/image-archive/archive.ts";
import { nodeImage } from "../../../scripts/image-archive/node-image.ts";
import { plugins } from "../../lib/plugins.ts";
import { keepLogsOfFailures } from "../lib/machine.ts";
import { Podman } from "./podman.ts";

const image = "localhost/cni-chain:test";

let podman: Podman;
beforeAll(async () => {
  podman = await Podman.start([]);
  const archive = join(podman.machine.directory, "image.tar");
  writeImage(archive, nodeImage({ name: image, from: plugins, compressed: true }));
  expect(await podman.call("load", "-i", archive)).toContain(image);
}, 240_000);
afterAll(() => podman.close());
keepLogsOfFailures(() => podman.machine);

const runTool = (mounts: readonly string[], ...argv: readonly string[]) => {
  const options = ["--rm", "--network", "none", "--cgroup-parent", podman.machine.cgroup, ...mounts];
  return podman.call("run", ...options, "--entrypoint", "cni-chain", image, ...argv);
};

test("the image of a node: podman loads it, and runs what is in it", async () => {
  expect(await runTool([], "version")).toContain(`cni-chain ${packageJson.version}\n`);
});

test("it installs into a directory of the machine, where the three are one file", async () => {
  const { node } = podman.machine;
  await node.run(["mkdir", "/run/bin"]);
  await runTool(["--volume", "/run/bin:/opt/cni/bin"], "install");
  expect(await node.run(["sh", "-c", "stat -c '%h %a' /run/bin/*"])).toBe("3 755\n3 755\n3 755\n");
  await node.run(["cmp", join(plugins, "portmap"), "/run/bin/portmap"]);
});
