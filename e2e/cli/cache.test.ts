import { afterAll, beforeAll, expect, test } from "vitest";
import { portmap } from "../lib/stage.ts";
import { cacheDir } from "./cached.ts";
import { Operator } from "./operator.ts";

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.start();
});
afterAll(() => operator[Symbol.asyncDispose]());

const entryOf = async (name: string) =>
  JSON.parse(await operator.node.run(["cat", `${cacheDir}/results/${name}`]));

test("an entry has what libcni writes, byte for byte what a runtime would read", async () => {
  const path = await operator.network("net");
  const result = await operator.add(
    "net",
    "web",
    "-p",
    "8080:80/udp",
    "--args",
    "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web",
  );
  expect(await entryOf("net-web-eth0")).toEqual({
    kind: "cniCacheV1",
    containerId: "web",
    config: Buffer.from(await operator.node.run(["cat", path])).toString("base64"),
    ifName: "eth0",
    networkName: "net",
    netns: "/run/netns/web",
    cniArgs: [
      ["K8S_POD_NAMESPACE", "shop"],
      ["K8S_POD_NAME", "web"],
    ],
    capabilityArgs: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "udp" }] },
    result,
  });
  expect(await operator.node.run(["stat", "-c", "%a %U", `${cacheDir}/results/net-web-eth0`])).toBe(
    "600 root\n",
  );
  await operator.run("del", "net");
  expect(await operator.node.run(["find", cacheDir, "-type", "f"])).toBe("");
});

test("a network is taken back whose file is gone", async () => {
  const path = await operator.network("lost");
  await operator.add("lost", "web", "-p", "8080:80");
  await operator.node.run(["rm", path]);
  expect(await operator.run("check", "lost")).toContain("all well web on lost");
  expect(await operator.run("del", "lost")).toBe("detached web from lost: eth0\n");
  expect(await operator.node.run(["iptables-save", "-t", "nat"])).not.toContain("--dport 8080");
});

test("del uses the configuration of its add, unless the present one is wanted", async () => {
  await operator.network("changes", [portmap()]);
  for (const name of ["a", "b"]) await operator.add("changes", name);
  await operator.network("changes", [portmap(), { type: "broken" }]);
  await operator.calls();
  const first = await operator.try("del", "changes", "--id", "a");
  expect(first.stderr).toContain("has changed since add");
  expect(await operator.calls()).toEqual(["wire DEL a"]);
  await operator.run("del", "changes", "--id", "b", "--current-config");
  expect(await operator.calls()).toEqual(["broken DEL b", "wire DEL b"]);
});

test("an entry of an older libcni, which kept no namespace, is known by its result", async () => {
  await operator.network("older");
  await operator.add("older", "web", "-p", "8080:80");
  const { netns: _, ...entry } = await entryOf("older-web-eth0");
  await operator.node.run(["sh", "-c", `cat >${cacheDir}/results/older-web-eth0`], {
    stdin: JSON.stringify(entry),
  });
  expect(await operator.run("gc", "older")).toMatch(/^kept +web eth0 +netns stands$/m);
  expect(await operator.run("check", "older", "--sandbox", "web")).toContain("all well web");
  await operator.run("del", "older", "--sandbox", "web");
});

test("what is no entry hides none that is one", async () => {
  await operator.network("net");
  await operator.add("net", "web");
  await operator.node.run(["sh", "-c", `echo garbage >${cacheDir}/results/somebody-elses`]);
  expect(await operator.run("check", "net")).toContain("all well web");
  await operator.run("del", "net");
});

test("del of what nobody knows succeeds, as the specification wants it", async () => {
  await operator.network("net");
  await operator.calls();
  expect(await operator.json("del", "net", "--id", "stranger", "--netns", "/run/netns/none")).toEqual({
    network: "net",
    containerId: "stranger",
    ifname: "eth0",
    wasCached: false,
  });
  expect(await operator.calls()).toEqual(["wire DEL stranger"]);
});
