import { createHash } from "node:crypto";
import { linkSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { writeImage } from "../../scripts/image-archive/archive.ts";
import { layerOf } from "../../scripts/image-archive/contents.ts";
import { writeLayer } from "../../scripts/image-archive/layer.ts";
import { nodeImage } from "../../scripts/image-archive/node-image.ts";
import type { ConfList } from "../lib/cni.ts";
import { plugins } from "../lib/plugins.ts";
import { until } from "../lib/poll.ts";
import { exec } from "../lib/process.ts";
import { reference, whyNoReference } from "../lib/reference.ts";
import { bandwidth, portmap } from "../lib/stage.ts";
import { searchPath } from "../lib/tools.ts";
import { ask } from "../lib/traffic.ts";
import { containerdInSuite } from "../runtimes/containerd/in-suite.ts";
import { port, type RunningPod } from "../runtimes/containerd/pod.ts";
import { bridgeNetwork, confDirectory, pluginDirectory } from "../runtimes/lib/network.ts";
import { daemonSet } from "./deployment.ts";
import { DaemonPod } from "./kubelet.ts";

const image = "localhost/cni-chain:test";
const containerd = containerdInSuite();
const file = `${confDirectory}/10-flannel.conflist`;
const run = (script: string, stdin?: string) =>
  containerd().machine.node.run(["sh", "-ec", script], stdin === undefined ? {} : { stdin });

beforeAll(async () => {
  // As systemd leaves it: what is mounted later comes to containers that want it.
  await run("mount --make-shared /run");
  const archive = join(containerd().machine.directory, "cni-chain.tar");
  writeImage(archive, nodeImage({ name: image, from: plugins, compressed: false }));
  await containerd().importImage(archive, image);
});

/** A node with the base network alone, all of it real files. */
beforeEach(async () => {
  await run(`
    mkdir /run/base
    cp -L ${pluginDirectory}/bridge ${pluginDirectory}/host-local /run/base
    rm -r ${pluginDirectory}
    find ${confDirectory} -mindepth 1 -delete
    mv /run/base ${pluginDirectory}`);
  await writeNetwork();
});

async function writeNetwork(...chained: ConfList["plugins"]): Promise<void> {
  const [base] = bridgeNetwork("1.0.0", [4]).plugins;
  const list = { ...bridgeNetwork("1.0.0", [4]), plugins: [base, ...chained] };
  await run(`cat >${file}`, JSON.stringify(list, null, 2));
}

/** Every file of the node's two directories with mode, owner and content. */
const files = () =>
  run(`find ${pluginDirectory} ${confDirectory} -exec stat -c '%n %F %a %u:%g' {} +
       find ${pluginDirectory} ${confDirectory} -type f -exec sha256sum {} +`);

const deploy = (name: string, components: readonly string[]) => {
  const spec = daemonSet("overlays/flannel", components, image).spec?.template.spec;
  if (spec === undefined) throw new Error("the DaemonSet has no pods");
  const [install, ...others] = spec.containers;
  if (install === undefined) throw new Error("the pods have no containers");
  const hasty = { ...install, args: [...(install.args ?? []), "--interval=1"] };
  return DaemonPod.start(containerd(), { ...spec, containers: [hasty, ...others] }, name);
};

/** A pod as in the example of the manifests. */
async function runWeb(name: string): Promise<RunningPod> {
  await until("containerd to have read the list", async () => {
    const { info } = await containerd().call("Status", { verbose: true });
    return info["cniconfig"]?.includes('"bandwidth"') ? true : undefined;
  });
  const pod = await containerd().runPod({ name, ports: [port(8080, 80)], ingress: "10M", egress: "10M" });
  await containerd().serveWeb(pod);
  return pod;
}

/** Such a pod is reached at its host port, and limited both ways. */
async function expectPodWorks(name: string): Promise<void> {
  const pod = await runWeb(name);
  const { host, node4 } = containerd().machine.uplink;
  expect(await ask(host, node4, 8080)).toEqual({ server: name });
  const limits = (await run("tc qdisc show")).match(/qdisc tbf .* rate 10Mbit /g) ?? [];
  expect(limits).toHaveLength(2);
  await containerd().removePod(pod);
}

test("the image makes a bare node one with host ports and limits, and takes itself out again", async () => {
  const before = await files();
  const pod = await deploy("installer", ["remove-on-exit"]);
  await pod.ready();
  expect(await run(`ls ${pluginDirectory}`)).toBe("bandwidth\nbridge\nhost-local\nloopback\nportmap\n");
  expect(JSON.parse(await run(`cat ${file}`)).plugins.slice(1)).toEqual([portmap(), bandwidth()]);
  await expectPodWorks("web");
  expect(await pod.stop()).toEqual({ install: 0 });
  expect(await files()).toBe(before);
  expect(await pod.log("install")).toContain("portmap: removed");
});

test("the repair container restores a host port that was lost", async () => {
  const { node, uplink } = containerd().machine;
  const pod = await deploy("repairer", ["repair"]);
  await pod.ready();
  const web = await runWeb("mended");
  await node.run(["iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]);
  await until("the host port", async () => ask(uplink.host, uplink.node4, 8080, { timeoutMs: 500 })).catch(
    async (error) => {
      throw new Error(`${error}\n${await pod.log("repair")}`);
    },
  );
  await containerd().removePod(web);
  expect(await pod.stop()).toEqual({ install: 0, repair: 0 });
});

test.skipIf(whyNoReference() !== undefined)(
  "where the reference's were they work before, and again when it has gone",
  async () => {
    for (const type of ["portmap", "bandwidth", "loopback"]) {
      await run(`cp -L ${reference.directory}/${type} ${pluginDirectory}`);
    }
    await writeNetwork(portmap(), bandwidth());
    const before = await files();
    await expectPodWorks("theirs");
    const pod = await deploy("installer", ["remove-on-exit"]);
    await pod.ready();
    expect(await run(`cmp ${join(plugins, "portmap")} ${pluginDirectory}/portmap`)).toBe("");
    await expectPodWorks("ours");
    expect(await pod.stop()).toEqual({ install: 0 });
    expect(await files()).toBe(before);
    await expectPodWorks("theirs-again");
  },
);

test("it waits for the list, puts back what others write over, and stays when it ends", async () => {
  await run(`mv ${file} /run/list`);
  const pod = await deploy("installer", []);
  await until("the plugins", async () => {
    const { exitCode } = await containerd().machine.node.try(["test", "-e", `${pluginDirectory}/portmap`]);
    return exitCode === 0 ? true : undefined;
  });
  await run(`mv /run/list ${file}`);
  await pod.ready();
  await run(`rm ${pluginDirectory}/loopback`);
  await writeNetwork();
  const isWhole = `cmp ${join(plugins, "loopback")} ${pluginDirectory}/loopback && grep -q bandwidth ${file}`;
  await until("the node to be whole again", async () => {
    const { exitCode } = await containerd().machine.node.try(["sh", "-c", isWhole]);
    return exitCode === 0 ? true : undefined;
  });
  expect(await pod.log("install")).toContain("waiting for it");
  expect(await pod.stop()).toEqual({ install: 0 });
  await expectPodWorks("web");
});

test("the same content gives the same archive, compressed or not", async () => {
  const { directory } = containerd().machine;
  for (const compressed of [true, false]) {
    const sums = [1, 2].map(() => {
      const path = join(directory, "small.tar");
      const from = { kind: "file", path: "bin/cat", mode: 0o755, from: "/bin/cat" } as const;
      writeImage(path, { name: "localhost/small:1", config: {}, layers: [[from]], compressed });
      return path;
    });
    const bytes = await Promise.all(sums.map((path) => Bun.file(path).bytes()));
    const digests = bytes.map((one) => createHash("sha256").update(one).digest("hex"));
    expect(digests[0]).toBe(digests[1]);
  }
});

test("names of one file stay names of one file, and keep its mode", async () => {
  const directory = join(containerd().machine.directory, "links");
  mkdirSync(directory);
  const paths = ["one", "two"].map((name) => join(directory, name));
  const [one = "", two = ""] = paths;
  writeFileSync(one, "content");
  linkSync(one, two);
  const layer = layerOf(
    paths.map((from) => ({ kind: "file", path: `bin/${basename(from)}`, mode: 0o755, from })),
  );
  expect(layer.map(({ kind }) => kind)).toEqual(["directory", "file", "hardlink"]);
  const archive = join(directory, "layer.tar");
  const pieces: Uint8Array[] = [];
  writeLayer(layer, false, (bytes) => pieces.push(bytes.slice()));
  writeFileSync(archive, Buffer.concat(pieces));
  const { exitCode, stdout } = await exec(["tar", "-tvf", archive], { env: { PATH: searchPath, TZ: "UTC" } });
  expect(exitCode).toBe(0);
  expect(stdout.replaceAll(/ +/g, " ").trim().split("\n")).toEqual([
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
    "-rwxr-xr-x 0/0 7 1970-01-01 00:00 bin/one",
    "hrwxr-xr-x 0/0 0 1970-01-01 00:00 bin/two link to bin/one",
  ]);
});
