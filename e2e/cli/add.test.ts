import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podAddress } from "../lib/base-plugin.ts";
import { bandwidth, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { Operator } from "./operator.ts";

const refused = { timeoutMs: 1000 };

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
