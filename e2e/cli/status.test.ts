import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { bandwidth, loopback, portmap } from "../lib/stage.ts";
import { Operator } from "./operator.ts";

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
