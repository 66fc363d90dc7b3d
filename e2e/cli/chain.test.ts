import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podAddress } from "../lib/base-plugin.ts";
import { ours, reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { bandwidth, loopback, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { cacheDir, Operator } from "./operator.ts";

const refused = { timeoutMs: 1000 };
const noReference = whyNoReference();
if (noReference !== undefined) console.warn(`chain.test: ${noReference}`);

describe.each([ours, reference])("with the $whose plugins", ({ whose, directory }) => {
  test.skipIf(whose === "reference" && noReference !== undefined)(
    "add forwards a port, check finds all well, del leaves nothing",
    async () => {
      await using operator = await Operator.start({ plugins: directory });
      const { node, uplink } = operator;
      const cniVersion = "1.0.0";
      await operator.network("net", [loopback, portmap(), bandwidth()], { cniVersion });
      // The bridge, and what belongs to all containers, stay.
      await operator.run("add", "net", "--sandbox", "first", "-p", "9999:99");
      await operator.run("del", "net", "--sandbox", "first");
      const before = withoutShared(await takeSnapshot(node));

      const line = ["--sandbox", "web", "--id", "web", "-p", "8080:80", "--ingress-bandwidth", "100M"];
      const text = await operator.run("add", "net", ...line);
      expect(text).toMatch(/^attached web to net: eth0 in \/run\/netns\/web$/m);
      const [, address = ""] = /address +([\d.]+)\/24, gateway 10\.88\.0\.1/.exec(text) ?? [];
      expect(text).toContain(`8080/tcp -> ${address}:80`);
      expect(text).toContain("100Mbit into the container");
      expect(text).not.toContain("\u001b");
      await serve(node.netns("/run/netns/web"), "web", 80);
      expect(await ask(uplink.host, uplink.node4, 8080)).toMatchObject({ server: "web" });
      expect(await node.run(["tc", "qdisc", "show"])).toContain("100Mbit");

      // The reference's CHECK fails for pods that have IPv4 alone.
      if (whose === "ours") {
        expect(await operator.run("check", "net")).toBe(
          "all well web on net: eth0 (wire, loopback, portmap, bandwidth)\n",
        );
      }
      expect(await operator.run("del", "net", "--id", "web")).toBe("detached web from net: eth0\n");
      expect(await ask(uplink.host, uplink.node4, 8080, refused)).toBeUndefined();
      expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
    },
  );
});

test.each(["0.3.1", "0.4.0", "1.0.0", "1.1.0"])(
  "a chain at %s has results of that version",
  async (cniVersion) => {
    await using operator = await Operator.start();
    await operator.network("net", [portmap()], { cniVersion });
    const result = await operator.add("net", "web", "-p", "8080:80");
    expect(result).toMatchObject({ cniVersion, ips: [{ address: "10.88.0.2/24" }] });
    expect(await operator.json("del", "net")).toEqual({
      network: "net",
      containerId: "web",
      ifname: "eth0",
      wasCached: true,
    });
  },
);

describe("what is asked for", () => {
  let operator: Operator;
  beforeAll(async () => {
    operator = await Operator.start();
    await operator.network("net", [portmap(), bandwidth()]);
    await operator.network("plain", []);
  });
  afterAll(() => operator[Symbol.asyncDispose]());

  test("reaches the plugins: addresses, protocols, ranges", async () => {
    const result = await operator.add("net", "many", "-p", "127.0.0.1:8081:80", "-p", "8090-8091:90-91/udp");
    const pod = operator.node.netns("/run/netns/many");
    await serve(pod, "many", 80);
    await serve(pod, "many udp", 91, "udp");
    const { host, node4 } = operator.uplink;
    expect(await ask(operator.node, "127.0.0.1", 8081)).toMatchObject({ server: "many" });
    expect(await ask(host, node4, 8081, refused)).toBeUndefined();
    expect(await ask(host, node4, 8091, { protocol: "udp" })).toMatchObject({ server: "many udp" });
    expect(podAddress(result, 4)).toMatch(/^10\.88\.0\.\d+$/);
  });

  test("of a process's namespace", async () => {
    await operator.node.addPod("of-process");
    const holder = operator.node.netns("/run/netns/of-process").start(["sh", "-c", "echo $$; exec cat"]);
    const pid = await holder.ready();
    const result = await operator.json<{ interfaces: unknown }>(
      "add",
      "plain",
      "--pid",
      pid,
      "--ifname",
      "net1",
    );
    expect(result.interfaces).toContainEqual({ name: "net1", sandbox: `/proc/${pid}/ns/net` });
    expect(await operator.run("del", "plain", "--ifname", "net1")).toContain("net1");
    await holder.stop();
  });

  test("a container ID is made where none is given, and told", async () => {
    const { stdout, stderr } = await operator.try("add", "plain", "--sandbox", "made", "--json");
    const [, id = ""] = /^container ID: ([0-9a-f]{12})$/m.exec(stderr) ?? [];
    expect(JSON.parse(stdout)).toMatchObject({ cniVersion: "1.1.0" });
    expect(await operator.run("del", "plain", "--sandbox", "made")).toContain(`detached ${id} from plain`);
  });

  test("an attachment is made once", async () => {
    await operator.add("plain", "once");
    const again = await operator.try("add", "plain", "--netns", "/run/netns/once", "--id", "once");
    expect(again).toMatchObject({ exitCode: 1, stdout: "" });
    expect(again.stderr).toContain("once is attached to plain as eth0 already");
  });

  test.each([
    ["without a container", ["add", "net"], "which container?"],
    ["two of them", ["add", "net", "--pid", "1", "--netns", "/x"], "one is enough"],
    ["a bad port", ["add", "net", "--pid", "1", "-p", "80"], "--publish 80"],
    ["a bad rate", ["add", "net", "--pid", "1", "--egress-bandwidth", "10Mbit"], "10Mbit"],
    ["a bad ID", ["add", "net", "--pid", "1", "--id", "a/b"], "--id a/b"],
    ["a bad interface", ["check", "net", "--ifname", "longer-than-allowed"], "--ifname"],
    ["no network", ["add"], "Not enough"],
    ["no such option", ["del", "net", "--colour"], "Unknown argument: colour"],
  ])("%s: exit code 2", async (_name, line, message) => {
    const { exitCode, stdout, stderr } = await operator.try(...line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).toContain("--help");
  });

  test.each([
    ["no such network", ["add", "nett", "--pid", "1"], "there is no network nett"],
    ["no such file", ["add", "./x.conflist", "--pid", "1"], "./x.conflist"],
    ["no namespace", ["add", "net", "--netns", "/run/calls.none"], "no network namespace"],
    [
      "what no plugin is told",
      ["add", "plain", "--sandbox", "x", "-p", "1:1"],
      "declares the capability portMappings",
    ],
    ["nothing to take back", ["del", "plain", "--ifname", "none0"], "the cache has no attachment"],
    ["nothing to check", ["check", "plain", "--id", "nobody"], "the cache has no attachment"],
  ])("%s: exit code 1", async (_name, line, message) => {
    const { exitCode, stdout, stderr } = await operator.try(...line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(message);
  });
});

describe("a plugin that fails", () => {
  test("is named with what it says, and what others made is taken back", async () => {
    await using operator = await Operator.start();
    const { node } = operator;
    await operator.network("good");
    await operator.run("add", "good", "--sandbox", "first", "-p", "9999:99");
    await operator.run("del", "good", "--sandbox", "first");
    await operator.network("net", [portmap(), { type: "broken" }]);
    const before = withoutShared(await takeSnapshot(node));
    await operator.calls();

    const { exitCode, stdout, stderr } = await operator.try(
      "add",
      "net",
      "--sandbox",
      "web",
      "--id",
      "web",
      "-p",
      "8080:80",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr.split("\n").slice(0, 5)).toEqual([
      "broken: a warning",
      "cni-chain: plugin broken failed (ADD): error 150: out of luck",
      "  first line",
      "  second line",
      "  what had been made was taken back (DEL of the whole chain)",
    ]);
    expect(await operator.calls()).toEqual([
      "wire ADD web",
      "broken ADD web",
      "broken DEL web",
      "wire DEL web",
    ]);
    expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
    expect(await node.run(["ip", "netns", "list"])).not.toContain("web");
  });

  test("leaves what was made where that is wanted, and says how to take it back", async () => {
    await using operator = await Operator.start();
    const path = await operator.network("net", [portmap(), { type: "broken" }]);
    const { stderr } = await operator.try("add", "net", "--sandbox", "web", "--id", "web", "--keep");
    const line = `cni-chain del ${path} --id web --ifname eth0 --netns /run/netns/web`;
    expect(stderr).toContain(line);
    expect(await operator.calls()).toEqual(["wire ADD web", "broken ADD web"]);
    expect(await operator.run(...line.split(" ").slice(1), "--sandbox", "web").catch(String)).toContain(
      "one is enough",
    );
    expect(await operator.run(...line.split(" ").slice(1))).toContain("the cache knew nothing of it");
    expect(await operator.calls()).toEqual(["broken DEL web", "wire DEL web"]);
  });

  test("is looked for before anything is run", async () => {
    await using operator = await Operator.start();
    await operator.network("net", [{ type: "nowhere" }]);
    const { exitCode, stderr } = await operator.try("add", "net", "--sandbox", "web");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("there is no plugin nowhere in /run/plugins");
    expect(await operator.calls()).toEqual([]);
    expect(await operator.node.run(["ip", "netns", "list"])).not.toContain("web");
  });
});

test("add that is told to end takes back what it has made", async () => {
  await using operator = await Operator.start();
  await operator.network("net", [{ type: "slow" }, portmap()]);
  await operator.script(
    "slow",
    `#!/bin/sh
echo "slow $CNI_COMMAND" >>/run/calls
[ "$CNI_COMMAND" != ADD ] || { touch /run/slow; until [ -e /run/go ]; do sleep 0.05; done; sed 's/.*"prevResult":\\(.*\\),"runtime.*/\\1/'; }
`,
  );
  const line = operator.commandLine("add", "net", "--sandbox", "web", "-p", "8080:80");
  const { stdout, stderr } = await operator.node.try([
    "sh",
    "-c",
    `
    "$@" & tool=$!
    until [ -e /run/slow ]; do sleep 0.05; done
    kill -TERM $tool; touch /run/go
    wait $tool; echo "exit code $?"`,
    "sh",
    ...line,
  ]);
  expect(stdout).toBe("exit code 1\n");
  expect(stderr).toContain("add to net was interrupted\n  what had been made was taken back");
  expect((await operator.calls()).map((call) => call.split(" ").slice(0, 2).join(" "))).toEqual([
    "wire ADD",
    "slow ADD",
    "slow DEL",
    "wire DEL",
  ]);
  expect(await operator.node.run(["ip", "netns", "list"])).not.toContain("web");
});

describe("check", () => {
  test("says what is missing", async () => {
    await using operator = await Operator.start();
    await operator.network("net");
    await operator.add("net", "web", "-p", "8080:80");
    await operator.node.run(["iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]);
    const { exitCode, stdout, stderr } = await operator.try("check", "net");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(/plugin portmap failed \(CHECK\): error 101: .*CNI-HOSTPORT-DNAT/);
  });

  test("of a network that has none, or wants none", async () => {
    await using operator = await Operator.start();
    await operator.network("old", [], { cniVersion: "0.3.1" });
    await operator.add("old", "a");
    expect((await operator.try("check", "old")).stderr).toContain(
      "version 0.3.1 of network old has no CHECK",
    );
    await operator.network("unchecked", [], { disableCheck: true });
    await operator.add("unchecked", "b");
    await operator.calls();
    expect(await operator.run("check", "unchecked")).toContain("disableCheck");
    expect(await operator.calls()).toEqual([]);
  });
});

describe("gc", () => {
  test("clears away what belongs to no container any more, and nothing else", async () => {
    await using operator = await Operator.start();
    const { node, uplink } = operator;
    await operator.network("net");
    await operator.add("net", "stays", "-p", "8080:80");
    await operator.add("net", "goes", "-p", "8081:81");
    await serve(node.netns("/run/netns/stays"), "stays", 80);
    await node.run(["ip", "netns", "delete", "goes"]);
    const before = await takeSnapshot(node);

    const planned = await operator.run("gc", "net", "--dry-run");
    expect(planned).toMatch(/^kept +stays eth0 +netns stands$/m);
    expect(planned).toMatch(/^stale +goes eth0 +netns gone$/m);
    expect(difference(before, await takeSnapshot(node))).toEqual([]);

    await operator.calls();
    expect(await operator.json("gc", "net")).toEqual({
      network: "net",
      kept: [{ containerId: "stays", ifname: "eth0", netns: "/run/netns/stays", why: "netns stands" }],
      stale: [{ containerId: "goes", ifname: "eth0", netns: "/run/netns/goes", why: "netns gone" }],
      asked: ["wire", "portmap"],
      errors: [],
      dryRun: false,
      disableGC: false,
    });
    expect(await operator.calls()).toEqual(["wire DEL goes", "wire GC"]);
    const rules = await node.run(["iptables-save", "-t", "nat"]);
    expect(rules).toContain("--dport 8080");
    expect(rules).not.toContain("--dport 8081");
    expect(await ask(uplink.host, uplink.node4, 8080)).toMatchObject({ server: "stays" });
  });

  test("goes on past a plugin that fails, and tells", async () => {
    await using operator = await Operator.start();
    await operator.network("net", [{ type: "stubborn" }, portmap()]);
    await operator.script(
      "stubborn",
      `#!/bin/sh
case $CNI_COMMAND in
ADD) sed 's/.*"prevResult":\\(.*\\)}$/\\1/' ;;
DEL|GC) echo '{"code":100,"msg":"not now"}'; exit 1 ;;
esac
`,
    );
    for (const name of ["a", "b"]) await operator.add("net", name);
    await operator.calls();
    const { exitCode, stdout, stderr } = await operator.try("gc", "net", "--valid", "a:eth0", "--json");
    expect(exitCode).toBe(1);
    const [del, gc] = ["DEL", "GC"].map((verb) => `plugin stubborn failed (${verb}): error 100: not now`);
    expect(JSON.parse(stdout)).toMatchObject({ stale: [{ containerId: "b" }], errors: [del, gc] });
    expect(stderr).toContain(`cni-chain: ${del}\n  ${gc}\n`);
    // A DEL ends at its first failure, as libcni's does; GC goes to all.
    expect(await operator.calls()).toEqual(["wire GC"]);
    expect(await operator.json("gc", "net", "--dry-run")).toMatchObject({
      kept: [{ containerId: "a" }, { containerId: "b" }],
    });
  });

  test("reaches what the cache never knew: only what is listed is kept", async () => {
    await using operator = await Operator.start();
    const { node } = operator;
    await operator.network("net");
    await operator.add("net", "stays", "-p", "8080:80");
    await operator.add("net", "goes", "-p", "8081:81");
    await node.run(["rm", `${cacheDir}/results/net-goes-eth0`]);
    const text = await operator.run("gc", "net", "--valid", "stays:eth0", "--valid", "elsewhere:eth1");
    expect(text).toMatch(/^kept +elsewhere eth1/m);
    const rules = await node.run(["iptables-save", "-t", "nat"]);
    expect(rules).toContain("--dport 8080");
    expect(rules).not.toContain("--dport 8081");
  });

  test("takes no empty or half-read cache for an empty node", async () => {
    await using operator = await Operator.start();
    const { node } = operator;
    await operator.network("net");
    await operator.add("net", "web", "-p", "8080:80");
    const entry = `${cacheDir}/results/net-web-eth0`;
    await node.run(["sh", "-c", `echo '{' >${entry}`]);
    const unread = await operator.try("gc", "net");
    expect(unread).toMatchObject({ exitCode: 1, stdout: "" });
    expect(unread.stderr).toContain(entry);
    await node.run(["rm", entry]);
    const empty = await operator.try("gc", "net");
    expect(empty).toMatchObject({ exitCode: 1, stdout: "" });
    expect(empty.stderr).toContain("--none-valid");
    expect(await node.run(["iptables-save", "-t", "nat"])).toContain("--dport 8080");
    await operator.run("gc", "net", "--none-valid");
    expect(await node.run(["iptables-save", "-t", "nat"])).not.toContain("--dport 8080");
  });

  test("of a network that has none, or wants none", async () => {
    await using operator = await Operator.start();
    await operator.network("old", [portmap()], { cniVersion: "1.0.0" });
    await operator.add("old", "a");
    await operator.add("old", "b");
    await operator.calls();
    expect(await operator.run("gc", "old", "--valid", "a:eth0")).toContain("version 1.0.0 of old has no GC");
    expect(await operator.calls()).toEqual(["wire DEL b"]);
    await operator.network("kept", [], { disableGC: true });
    await operator.add("kept", "c");
    await operator.calls();
    expect(await operator.run("gc", "kept", "--none-valid")).toContain("nothing was done");
    expect(await operator.calls()).toEqual([]);
  });
});

describe("status and version", () => {
  let operator: Operator;
  beforeAll(async () => {
    operator = await Operator.start();
    await operator.network("net", [loopback, portmap(), bandwidth()]);
    await operator.network("unready", [{ type: "broken" }, { type: "nowhere" }, portmap()]);
    await operator.network("old", [portmap()], { cniVersion: "1.0.0" });
    await operator.network("future", [portmap()], { cniVersion: "1.2.0" });
  });
  afterAll(() => operator[Symbol.asyncDispose]());

  test("every plugin is ready", async () => {
    expect(await operator.run("status", "net")).toBe(
      "ready wire\nready loopback\nready portmap\nready bandwidth\n",
    );
  });

  test("one is not, and the others are asked all the same", async () => {
    const { exitCode, stdout } = await operator.try("status", "unready", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      network: "unready",
      cniVersion: "1.1.0",
      hasStatus: true,
      plugins: [
        { type: "wire", ready: true },
        {
          type: "broken",
          ready: false,
          error: { code: 150, msg: "out of luck", details: "first line\nsecond line" },
        },
        {
          type: "nowhere",
          ready: false,
          error: { msg: expect.stringContaining("there is no plugin nowhere") },
        },
        { type: "portmap", ready: true },
      ],
    });
    const text = await operator.try("status", "unready");
    expect(text.exitCode).toBe(1);
    expect(text.stdout).toContain(
      "not ready broken\n  plugin broken failed (STATUS): error 150: out of luck\n  first line\n",
    );
  });

  test("a version that has no STATUS", async () => {
    await operator.calls();
    expect(await operator.run("status", "old")).toContain("version 1.0.0 of old has no STATUS");
    expect(await operator.calls()).toEqual([]);
  });

  test("versions of every plugin", async () => {
    const text = await operator.run("version", "net");
    expect(text).toMatch(/^portmap +yes +0\.1\.0, .*1\.1\.0$/m);
    const { exitCode, stdout } = await operator.try("version", "future", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      network: "future",
      cniVersion: "1.2.0",
      plugins: [
        { type: "wire", supported: false, supportedVersions: ["0.3.1", "0.4.0", "1.0.0", "1.1.0"] },
        { type: "portmap", supported: false },
      ],
    });
  });

  test("the tool's own version", async () => {
    expect(await operator.json("version")).toEqual({
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      cniVersions: expect.arrayContaining(["0.1.0", "1.1.0"]),
    });
    expect(await operator.run("version")).toMatch(/^cni-chain \d+\.\d+\.\d+\nCNI 0\.1\.0, /);
  });

  test("asking changes nothing", async () => {
    const before = await takeSnapshot(operator.node);
    for (const verb of ["status", "version"]) await operator.run(verb, "net");
    expect(difference(before, await takeSnapshot(operator.node))).toEqual([]);
  });
});

test.each([
  ["BUN_BE_BUN", "1"],
  ["BUN_OPTIONS", "--preload=/run/evil.js"],
  ["BUN_INSPECT_PRELOAD", "/run/evil.js"],
])("%s=%s does not make the executable run something else", async (name, value) => {
  await using operator = await Operator.start();
  const { node } = operator;
  await node.run(["sh", "-c", `echo 'console.log("evil")' >/run/evil.js`]);
  const { exitCode, stdout } = await node.try(operator.commandLine("version"), {
    env: { ...node.env, [name]: value },
  });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^cni-chain \d/);
});
