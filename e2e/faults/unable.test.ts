import { existsSync } from "node:fs";
import { release } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { exec } from "../lib/process.ts";
import { difference, type Snapshot, takeSnapshot } from "../lib/snapshot.ts";
import { type Added, bandwidth, loopback, Stage } from "../lib/stage.ts";
import { toolPath } from "../lib/tools.ts";
import { injecting, notedSteps, noting, ownSteps } from "./injected.ts";
import { changesSince, takeRules } from "./rules.ts";
import { type Bench, type CallOptions, failureOf, type Verb, Workbench } from "./workbench.ts";

/** What a node may be unable to do, and what is answered. Nothing may be half done, and STATUS knows beforehand. */
interface Case {
  readonly what: string;
  readonly bench?: Partial<Bench>;
  readonly prepare?: (bench: Workbench) => Promise<CallOptions>;
  /** Code and words of ADD's error; undefined where ADD can do without, and warns. */
  readonly add?: { readonly code: number; readonly words: readonly string[] };
  readonly status: readonly string[];
}

const without = (tool: string) => async (bench: Workbench) => ({ path: await bench.tools.without(tool) });

const noNetAdmin = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];

const cases: readonly Case[] = [
  {
    what: "read-only /proc/sys",
    bench: { neighbour: false },
    prepare: async ({ node }) => {
      await node.run(["sh", "-ec", "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys"]);
      return {};
    },
    add: {
      code: 5,
      words: ["cannot set sysctl net/ipv4/conf/cni0/route_localnet to 1", "ead-only file system"],
    },
    status: ["/proc/sys: mounted read-only"],
  },
  { what: "no conntrack", prepare: without("conntrack"), status: ["conntrack: no such executable on PATH"] },
  {
    what: "no ip6tables",
    prepare: without("ip6tables-restore"),
    add: { code: 50, words: ["ip6tables-restore: no such executable on PATH", "there is one in /usr/sbin"] },
    status: ["ip6tables-restore: no such executable on PATH"],
  },
  {
    what: "no iptables",
    prepare: without("iptables-restore"),
    add: { code: 50, words: ["iptables-restore: no such executable on PATH"] },
    status: ["iptables-restore: no such executable on PATH"],
  },
  {
    what: "no nft",
    bench: { backend: "nftables" },
    prepare: without("nft"),
    add: { code: 50, words: ["nft: no such executable on PATH"] },
    status: ["nft: no such executable on PATH"],
  },
  {
    what: "no CAP_NET_ADMIN, iptables by nft",
    prepare: async () => ({ under: noNetAdmin }),
    add: { code: 100, words: ["iptables-restore: exit code 4", "Permission denied"] },
    status: ["CAP_NET_ADMIN"],
  },
  {
    what: "no CAP_NET_ADMIN, iptables by legacy",
    bench: { iptables: "legacy" },
    prepare: async () => ({ under: noNetAdmin }),
    add: { code: 100, words: ["iptables-restore: exit code", "unable to initialize table"] },
    status: ["CAP_NET_ADMIN"],
  },
  {
    what: "no CAP_NET_ADMIN, nftables",
    bench: { backend: "nftables" },
    prepare: async () => ({ under: noNetAdmin }),
    add: { code: 100, words: ["nft: exit code 1", "Operation not permitted"] },
    status: ["CAP_NET_ADMIN"],
  },
];

test.each(cases)("portmap: $what", async ({ bench: options = {}, prepare, add, status }) => {
  await using bench = await Workbench.set({
    iptables: "nft",
    backend: "iptables",
    neighbour: true,
    ...options,
  });
  const clean = await takeRules(bench.node);
  const how = (await prepare?.(bench)) ?? {};
  const told = await bench.call("STATUS", how);
  const said = `${told.stdout}${told.stderr}`;
  for (const words of status) expect(said).toContain(words);
  expect(failureOf(told)?.code).toBe(add === undefined ? undefined : 50);
  const answer = await bench.call("ADD", how);
  const failure = failureOf(answer);
  expect(failure?.code, JSON.stringify(failure)).toBe(add?.code);
  for (const words of add?.words ?? []) expect(`${failure?.msg}\n${failure?.details}`).toContain(words);
  if (add === undefined) expect(answer.stderr).not.toBe("");
  else expect(await changesSince(clean, bench.node)).toEqual([]);
  await bench.succeed("DEL");
  expect(await changesSince(clean, bench.node)).toEqual([]);
});

const kernelFiles = ["/proc/config.gz", `/boot/config-${release()}`, `/lib/modules/${release()}/modules.dep`];
const kernelTells = kernelFiles.some((file) => existsSync(file));
if (!kernelTells)
  console.warn(`left out, STATUS on a kernel without ifb: none of ${kernelFiles.join(", ")} is here`);

// The kernel lets nobody make one from within a chroot.
const toUserNamespace = await exec([toolPath("unshare"), "--map-root-user", "true"]);
const hasUserNamespaces = toUserNamespace.exitCode === 0;
if (!hasUserNamespaces)
  console.warn(`left out, root of another user namespace: ${toUserNamespace.stderr.trim()}`);

/** Runs what follows on a node whose lists of modules, or whose kernel's configuration, have no ifb. */
const withoutIfb = `
hide() { mount --bind /run/without-ifb "$1"; rm /run/without-ifb; }
release=$(uname -r)
for file in /proc/modules /lib/modules/$release/modules.builtin /lib/modules/$release/modules.dep /boot/config-$release; do
  [ ! -e $file ] || { sed '/^ifb /d; /\\/ifb\\.ko/d; /^CONFIG_IFB=/d' $file >/run/without-ifb; hide $file; }
done
[ ! -e /proc/config.gz ] || { zcat /proc/config.gz | sed '/^CONFIG_IFB=/d' | gzip >/run/without-ifb; hide /proc/config.gz; }
exec "$0"`;

describe("bandwidth and loopback", () => {
  const limits = { ingressRate: 8e6, ingressBurst: 8e6, egressRate: 8e6, egressBurst: 8e6 };
  let stage: Stage;
  let pod: Added;
  let clean: Snapshot;

  const call = (entry: typeof loopback, verb: Verb, under: readonly string[] = []) =>
    callPlugin(stage.node, {
      binary: plugin(entry.type),
      env: pluginEnv(verb, pod.attachment, plugins),
      stdin: pluginConf(stage.chain.conf, entry, pod.attachment, pod.result),
      under,
    });

  beforeAll(async () => {
    stage = await Stage.set({ chained: [] });
    pod = await stage.add("web", { bandwidth: limits });
    clean = await takeSnapshot(stage.node);
  });
  afterAll(() => stage.node.close());

  test.skipIf(!kernelTells)("bandwidth: STATUS knows of a kernel without ifb", async () => {
    expect(failureOf(await call(bandwidth(), "STATUS"))).toBeUndefined();
    const status = await call(bandwidth(), "STATUS", ["unshare", "--mount", "sh", "-ec", withoutIfb]);
    expect(failureOf(status)).toMatchObject({
      code: 50,
      msg: expect.stringMatching(/^kernel module ifb: \S.*(CONFIG_IFB|modules)/),
    });
    expect(difference(clean, await takeSnapshot(stage.node))).toEqual([]);
  });

  test("bandwidth: no ifb in the kernel", async () => {
    expect(failureOf(await call(bandwidth(), "ADD", noting))).toBeUndefined();
    expect(failureOf(await call(bandwidth(), "DEL"))).toBeUndefined();
    // RTM_NEWLINK that creates, alone: what a kernel without the kind answers to it.
    const makesIfb = (await notedSteps(stage.node, ownSteps)).find(({ text }) => /\\20\\0\\5\\6/.test(text));
    if (makesIfb === undefined) throw new Error("no step that makes a link");
    const under = injecting(makesIfb, "refused by the kernel", "EOPNOTSUPP");
    expect(failureOf(await call(bandwidth(), "ADD", under))).toMatchObject({
      code: 100,
      msg: expect.stringContaining("not supported"),
    });
    expect(difference(clean, await takeSnapshot(stage.node))).toEqual([]);
  });

  test.each([
    ["CAP_NET_ADMIN", "net_admin", bandwidth()],
    ["CAP_SYS_ADMIN", "sys_admin", bandwidth()],
    ["CAP_NET_ADMIN", "net_admin", loopback],
    ["CAP_SYS_ADMIN", "sys_admin", loopback],
  ])("no %s", async (name, capability, entry) => {
    const under = ["setpriv", "--bounding-set", `-${capability}`, "--inh-caps", `-${capability}`];
    expect(failureOf(await call(entry, "STATUS", under))).toMatchObject({
      code: 50,
      msg: expect.stringMatching(`^${name}: `),
    });
    expect(failureOf(await call(entry, "ADD", under))).toMatchObject({
      code: 100,
      msg: expect.stringContaining("operation not permitted"),
    });
    expect(difference(clean, await takeSnapshot(stage.node))).toEqual([]);
  });

  test.runIf(hasUserNamespaces)(
    "bandwidth: root of a user namespace that the node's network does not belong to",
    async () => {
      const under = ["unshare", "--map-root-user"];
      expect(failureOf(await call(bandwidth(), "STATUS", under))).toMatchObject({
        code: 50,
        msg: expect.stringMatching(/^CAP_SYS_ADMIN: not in the user namespace/),
      });
      expect(failureOf(await call(bandwidth(), "ADD", under))).toMatchObject({ code: 100 });
      expect(difference(clean, await takeSnapshot(stage.node))).toEqual([]);
      const inOwn = await call(bandwidth(), "STATUS", ["unshare", "--map-root-user", "--net"]);
      expect(failureOf(inOwn)).toBeUndefined();
    },
  );
});
