import { describe, expect, it, test } from "vitest";
import { type Config, conf, failure, run } from "../test/in-memory.ts";
import { CniError, refuseUnready, throwAll } from "./cni-error.ts";
import type { GcCall, StatusCall } from "./plugin.ts";

// GC and STATUS, which are about a network and no container.

const key = "cni.dev/valid-attachments";
const { prevResult: _, ...listed } = { ...conf, cniVersion: "1.1.0" };
/** As libcni calls GC and STATUS: every variable set, most of them empty. */
const nobody = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "", CNI_ARGS: "" };

describe("GC", () => {
  it("gets network, valid attachments and the config, whatever is in it, and prints nothing", async () => {
    const calls: GcCall[] = [];
    const gc = async (call: GcCall) => void calls.push(call);
    const stdin = { ...listed, ports: "no array", [key]: [{ containerID: "c1", ifname: "eth0" }] };
    expect(await run("GC", stdin, { env: nobody, plugin: { gc } })).toEqual({
      exitCode: 0,
      stdout: undefined,
      stderr: "",
    });
    expect(calls).toEqual([
      {
        network: "crinet",
        valid: [{ containerId: "c1", ifname: "eth0" }],
        cniVersion: "1.1.0",
        netConf: stdin,
        warn: expect.any(Function),
      },
    ]);
  });

  test.each([
    ["no list", {}, `${key}: missing, GC needs it`],
    ["a malformed one", { [key]: [{ ifname: "eth0" }] }, `${key}[0].containerID: missing`],
  ])("with %s is an error, and the plugin is not asked", async (_, fields, msg) => {
    const gc = () => expect.unreachable();
    expect(await failure("GC", { ...listed, ...fields }, { env: nobody, plugin: { gc } })).toMatchObject({
      code: 7,
      msg,
    });
  });

  it("has one document for all failures", async () => {
    const busy = Object.assign(new Error("tc: exit code 2"), { failure: "failed", details: "command: tc" });
    const thrown = (errors: readonly unknown[]) =>
      failure("GC", { ...listed, [key]: [] }, { env: nobody, plugin: { gc: async () => throwAll(errors) } });
    expect(await thrown([busy, new CniError(11, "later"), "text"])).toMatchObject({
      code: 100,
      msg: "3 failures, the first: tc: exit code 2",
      details: "tc: exit code 2\ncommand: tc\nlater\ntext",
    });
    expect(await thrown([new CniError(11, "later")])).toMatchObject({ code: 11, msg: "later" });
    expect(() => throwAll([])).not.toThrow();
    // For a warning, which has one line.
    expect(() => throwAll([new Error("one"), new Error("two")])).toThrow("one; two");
  });
});

describe("STATUS", () => {
  it("gets the checked config and prints nothing", async () => {
    const calls: StatusCall<Config>[] = [];
    const status = async (call: StatusCall<Config>) => void calls.push(call);
    const answer = await run("STATUS", { ...listed, Ports: [80] }, { env: nobody, plugin: { status } });
    expect(answer).toEqual({ exitCode: 0, stdout: undefined, stderr: "" });
    const call = {
      network: "crinet",
      cniVersion: "1.1.0",
      config: { ports: [80] },
      warn: expect.any(Function),
    };
    expect(calls).toEqual([call]);
  });

  it("refuses a config ADD would refuse", async () => {
    expect(await failure("STATUS", { ...listed, ports: [0], label: "x" }, { env: nobody })).toMatchObject({
      code: 7,
      msg: expect.stringMatching(/^ports\[0\]: 0 is not allowed.*; label: no$/),
    });
  });

  it("says all that is missing", async () => {
    const status = async () => refuseUnready(["tc: missing", "CAP_NET_ADMIN: missing"]);
    expect(await failure("STATUS", listed, { env: nobody, plugin: { status } })).toMatchObject({
      code: 50,
      msg: "tc: missing; CAP_NET_ADMIN: missing",
      details: "tc: missing\nCAP_NET_ADMIN: missing",
    });
    expect(() => refuseUnready([])).not.toThrow();
  });
});

test.each(["GC", "STATUS"])("%s needs version 1.1.0", async (command) => {
  const stdin = { ...listed, cniVersion: "1.0.0", [key]: [] };
  expect(await failure(command, stdin, { env: nobody })).toMatchObject({ cniVersion: "1.0.0", code: 1 });
});
