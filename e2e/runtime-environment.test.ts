import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addBase, delBase } from "./lib/base-plugin.ts";
import { pluginConf, pluginEnv } from "./lib/chain.ts";
import type { Attachment, ResultDocument } from "./lib/cni.ts";
import { plugins } from "./lib/plugins.ts";
import type { Finished } from "./lib/process.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "./lib/stage.ts";
import { type IptablesVariant, iptablesVariants } from "./lib/tools.ts";
import { ask, serve } from "./lib/traffic.ts";

// What a runtime hands a plugin beside the call itself, and when it calls: nothing of it may change what is done.

type Env = Readonly<Record<string, string | undefined>>;

interface Caller {
  /** The plugin's environment beside the usual one; undefined takes a variable away. */
  readonly env?: Env;
  /** Shell commands that lead to the working directory. */
  readonly enter?: string;
}

const wishes = {
  portMappings: [mapping(8080, 80), mapping(5353, 53, { protocol: "udp" })],
  bandwidth: { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 4_000_000, egressBurst: 400_000 },
};

/** A node with a pod `other` on it, which must be none the worse for what is done to `web`. */
class Scene implements AsyncDisposable {
  readonly stage: Stage;
  readonly other: Added;
  readonly #before: Snapshot;

  private constructor(stage: Stage, other: Added, before: Snapshot) {
    this.stage = stage;
    this.other = other;
    this.#before = before;
  }

  static async set(iptables?: IptablesVariant): Promise<Scene> {
    const chained = [portmap(), bandwidth(), loopback];
    const stage = await Stage.set({ ...(iptables === undefined ? {} : { iptables }), chained });
    const other = await stage.add("other", { ...wishes, portMappings: [mapping(9090, 90)] });
    await serve(other.pod, "other", 90);
    return new Scene(stage, other, withoutShared(await takeSnapshot(stage.node)));
  }

  web(): Promise<Added> {
    return this.stage.add("web", wishes);
  }

  /** ADD of every plugin behind the base network, the result handed on. Throws with what a failed one said. */
  async add(attachment: Attachment, base: ResultDocument, caller: Caller): Promise<ResultDocument> {
    let result = base;
    for (const { type } of this.#chained) {
      const answer = await this.call(type, "ADD", attachment, result, caller);
      if (answer.exitCode !== 0) throw new Error(`${type} ADD: ${answer.stdout}${answer.stderr}`);
      result = JSON.parse(answer.stdout);
    }
    return result;
  }

  /** DEL of every plugin behind the base network, in the chain's order. Throws with what a failed one said. */
  async del(attachment: Attachment, prevResult: ResultDocument | undefined, caller: Caller): Promise<void> {
    for (const { type } of this.#chained.toReversed()) {
      const answer = await this.call(type, "DEL", attachment, prevResult, caller);
      if (answer.exitCode !== 0 || answer.stdout !== "") {
        throw new Error(`${type} DEL: ${answer.exitCode}: ${answer.stdout}${answer.stderr}`);
      }
    }
  }

  call(
    type: string,
    command: string,
    attachment: Attachment,
    prevResult: ResultDocument | undefined,
    { env = {}, enter = "cd /" }: Caller,
  ): Promise<Finished> {
    const { node, chain } = this.stage;
    const plugin = this.#chained.find((one) => one.type === type);
    if (plugin === undefined) throw new Error(`no ${type} in the chain`);
    return node.try(["/bin/sh", "-ec", `${enter}\nexec ${join(plugins, type)}`], {
      env: { ...node.env, ...pluginEnv(command, attachment, plugins), ...env },
      stdin: JSON.stringify(pluginConf(chain.conf, plugin, attachment, prevResult)),
    });
  }

  /** Takes the base network away, as the last one to be asked; then only `other` is on the node, and is as it was. */
  async expectOnlyOther({ attachment }: Added): Promise<void> {
    await delBase(this.stage.node, attachment);
    expect(difference(this.#before, withoutShared(await takeSnapshot(this.stage.node)))).toEqual([]);
    await this.expectOtherServed();
  }

  async expectOtherServed(): Promise<void> {
    const { chain, uplink } = this.stage;
    await chain.check(this.other.attachment);
    expect(await ask(uplink.host, uplink.node4, 9090)).toMatchObject({ server: "other" });
  }

  get #chained() {
    return this.stage.chain.conf.plugins.filter(({ type }) => type !== "base");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stage[Symbol.asyncDispose]();
  }
}

/** Puts links to commands into a directory of the node's, and gives it as a PATH. */
async function directoryOf(stage: Stage, commands: Readonly<Record<string, string>>): Promise<string> {
  const links = Object.entries(commands).map(
    ([name, command]) => `ln -s "$(command -v ${command})" /run/few/${name}`,
  );
  await stage.node.run(["/bin/sh", "-ec", ["mkdir -p /run/few", ...links].join("\n")]);
  return "/run/few";
}

const variantTools = (variant: IptablesVariant): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ["iptables", "ip6tables"].flatMap((tool) =>
      ["", "-save", "-restore"].map((suffix) => [`${tool}${suffix}`, `${tool}-${variant}${suffix}`]),
    ),
  );

describe.concurrent.each(iptablesVariants)("rules of iptables-%s are removed by a DEL", (iptables) => {
  const other = iptables === "nft" ? "legacy" : "nft";
  const paths: readonly [string, (stage: Stage) => Promise<string | undefined>][] = [
    ["without PATH", async () => undefined],
    ["with an empty PATH", async () => ""],
    ["with a PATH of /bin alone", async () => "/bin"],
    ["with a PATH that leads nowhere", async () => "/run/none:/run/neither"],
    ["with another order of directories", async () => "/sbin:/bin:/usr/bin:/usr/sbin:/opt/nri/bin"],
    ["with nft alone on PATH", (stage) => directoryOf(stage, { nft: "nft" })],
    [
      `with iptables-${other} first on PATH`,
      async (stage) => `${await directoryOf(stage, variantTools(other))}:/usr/sbin:/usr/bin`,
    ],
    [`with iptables-${other} alone on PATH`, (stage) => directoryOf(stage, variantTools(other))],
  ];

  test.each(paths)("%s", async (_, pathOf) => {
    await using scene = await Scene.set(iptables);
    const web = await scene.web();
    const PATH = await pathOf(scene.stage);
    await scene.del(web.attachment, web.result, { env: { PATH } });
    await scene.expectOnlyOther(web);
  });
});

test("where no tool can be found DEL says which, and a later DEL removes all", async () => {
  await using scene = await Scene.set();
  const { node } = scene.stage;
  const web = await scene.web();
  await node.run(["mount", "-t", "tmpfs", "tmpfs", "/usr/sbin"]);
  const answer = await scene.call("portmap", "DEL", web.attachment, web.result, {
    env: { PATH: "/run/none" },
  });
  expect(answer.exitCode).toBe(1);
  expect(JSON.parse(answer.stdout)).toMatchObject({
    code: 50,
    msg: expect.stringMatching(/^ip6?tables-restore: no such executable on PATH \(\/run\/none\b/),
  });
  await node.run(["umount", "/usr/sbin"]);
  await scene.del(web.attachment, undefined, { env: { PATH: "/run/none" } });
  await scene.expectOnlyOther(web);
});

describe.concurrent("CNI_ARGS change nothing:", () => {
  const name = "K8S_POD_NAME=web";
  const namespace = "K8S_POD_NAMESPACE=default";
  const values: readonly [string, string | undefined][] = [
    ["none at all", undefined],
    ["empty", ""],
    ["as containerd sends them", `IgnoreUnknown=1;${namespace};${name};K8S_POD_INFRA_CONTAINER_ID=web`],
    ["the same, in another order", `K8S_POD_INFRA_CONTAINER_ID=web;${name};${namespace};IgnoreUnknown=1`],
    ["unknown keys, and no IgnoreUnknown", "COLOUR=red;SHAPE=round"],
    ["unknown keys that are not to be ignored", "IgnoreUnknown=false;COLOUR=red"],
    ["a key twice", `${name};K8S_POD_NAME=other`],
    ["a key without value, and a value without key", "K8S_POD_NAME;=web"],
    ["separators alone", ";;;"],
    ["quotes, spaces, a line's end and other alphabets", 'A="b c";\nD=\t€;$(reboot)=`x`;../..=%00'],
    ["names of the environment's", "CNI_CONTAINERID=other;CNI_IFNAME=lo;CNI_COMMAND=ADD"],
    ["a hundred thousand characters", `A=${"x".repeat(100_000)}`],
  ];

  test.each(values)("%s", async (_, CNI_ARGS) => {
    await using scene = await Scene.set();
    await lifeOfWeb(scene, { env: { CNI_ARGS } });
  });
});

describe.concurrent("a plugin needs no", () => {
  test.each<[string, Env]>([
    ["HOME", { HOME: undefined }],
    ["HOME that is there", { HOME: "/run/none" }],
    ["HOME that is more than empty", { HOME: "" }],
    ["temporary directory", { TMPDIR: "/run/none", TMP: "/run/none", TEMP: "/run/none" }],
    ["language it knows", { LANG: "xx_YY.KOI-0", LC_ALL: "xx_YY.KOI-0", LANGUAGE: "de:fr" }],
    ["library path without an empty element", { LD_LIBRARY_PATH: "/opt/containerd/lib:" }],
  ])("%s", async (_, env) => {
    await using scene = await Scene.set();
    await lifeOfWeb(scene, { env });
  });
});

describe.concurrent("a plugin works", () => {
  test.each([
    ["in /", "cd /"],
    ["in a directory that was deleted", "mkdir -p /run/gone; cd /run/gone; rmdir /run/gone"],
    [
      "in a directory on a file system that is full",
      "mkdir -p /run/full; mount -t tmpfs -o size=4k,nr_inodes=1 full /run/full; cd /run/full",
    ],
    ["in the container's own directory of /proc", "cd /proc/self/task"],
  ])("%s", async (_, enter) => {
    await using scene = await Scene.set();
    await lifeOfWeb(scene, { enter });
  });
});

/** ADD and DEL of `web` by such a caller do what they always do. */
async function lifeOfWeb(scene: Scene, caller: Caller): Promise<void> {
  const { stage } = scene;
  const pod = await stage.node.addPod("web");
  const attachment = { containerId: "web", ifname: "eth0", netns: pod.netns, capabilityArgs: wishes };
  const base = await addBase(stage.node, { type: "base", hairpinMode: true }, attachment, "1.1.0");
  const result = await scene.add(attachment, base, caller);
  stage.chain.adopt(attachment, result);
  await stage.chain.check(attachment);
  await serve(pod, "web", 80);
  expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
  await scene.del(attachment, result, caller);
  await scene.expectOnlyOther({ pod, attachment, result });
}

describe.concurrent.each(iptablesVariants)("on iptables-%s", (iptables) => {
  test("DEL five times over succeeds each time, and touches no other pod", async () => {
    await using scene = await Scene.set(iptables);
    const web = await scene.web();
    await scene.del(web.attachment, web.result, {});
    for (let again = 0; again < 4; again += 1) {
      await scene.del({ ...web.attachment, netns: "" }, undefined, {});
    }
    await scene.expectOnlyOther(web);
  });

  test("eight DELs of one pod at once all succeed, and touch no other pod", async () => {
    await using scene = await Scene.set(iptables);
    const web = await scene.web();
    const first = Array.from({ length: 4 }, () => scene.del(web.attachment, web.result, {}));
    const second = Array.from({ length: 4 }, () =>
      scene.del({ ...web.attachment, netns: "" }, undefined, {}),
    );
    await Promise.all([...first, ...second]);
    await scene.expectOnlyOther(web);
  });

  test("DELs of one pod while others are added leave the others what they got", async () => {
    await using scene = await Scene.set(iptables);
    const { stage } = scene;
    const web = await scene.web();
    const newcomers = Promise.all(
      [1, 2, 3, 4].map((number) =>
        stage.add(`new${number}`, { ...wishes, portMappings: [mapping(7000 + number, 80)] }),
      ),
    );
    const dels = Array.from({ length: 4 }, () => scene.del(web.attachment, web.result, {}));
    const [added] = await Promise.all([newcomers, ...dels]);
    for (const [index, { pod, attachment }] of added.entries()) {
      await stage.chain.check(attachment);
      await serve(pod, attachment.containerId, 80);
      expect(await ask(stage.uplink.host, stage.uplink.node4, 7001 + index)).toMatchObject({
        server: attachment.containerId,
      });
    }
    for (const { attachment } of added) await stage.chain.del(attachment);
    await scene.expectOnlyOther(web);
  });

  test("ADD five times over leaves what the first one made, and one DEL removes it", async () => {
    await using scene = await Scene.set(iptables);
    const { stage } = scene;
    const web = await scene.web();
    const base = {
      ...web.result,
      interfaces: web.result.interfaces?.filter(({ name }) => !name.startsWith("bwp")) ?? [],
    };
    const first = await takeSnapshot(stage.node);
    for (let again = 0; again < 4; again += 1) {
      expect((await scene.add(web.attachment, base, {})).ips).toEqual(web.result.ips);
    }
    expect(
      difference(first, await takeSnapshot(stage.node)).filter((line) => !/bwp.* link\/ether/.test(line)),
    ).toEqual([]);
    await stage.chain.check(web.attachment);
    await scene.expectOtherServed();
    await scene.del(web.attachment, web.result, {});
    await scene.expectOnlyOther(web);
  });
});
