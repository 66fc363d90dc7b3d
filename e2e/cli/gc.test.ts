import { describe, expect, test } from "vitest";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { cacheDir } from "./cached.ts";
import { Operator } from "./operator.ts";

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
