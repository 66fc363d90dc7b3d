import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executables } from "../../scripts/building/executables.ts";
import { make } from "../../scripts/building/make.ts";
import { engineOf } from "../../scripts/releasing/engine.ts";
import { whyNotRun } from "../../scripts/releasing/try-archive.ts";
import { exec } from "../lib/process.ts";
import { root } from "./unpacked.ts";

const why = process.arch === "x64" ? whyNotRun("arm64") : "this is not amd64";
if (why !== undefined) console.log(`arm64 executables are not run: ${why}`);

describe.skipIf(why !== undefined)("for arm64, under qemu-user", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cni-chain-arm64-"));
    const engine = engineOf(root, "arm64", join(folder, "engine"));
    for (const executable of executables) make(root, executable, executable.names, folder, engine);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const call = (
    name: string,
    argv: readonly string[],
    env: Readonly<Record<string, string>> = {},
    stdin = "{}",
  ) => exec(["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", join(folder, name), ...argv], { env, stdin });

  test.each(["portmap", "bandwidth", "loopback"])("%s answers, and refuses what it should", async (name) => {
    const { stdout } = await call(name, [], { CNI_COMMAND: "VERSION" });
    expect(JSON.parse(stdout).supportedVersions).toContain("1.1.0");
    expect((await call(name, [])).stderr).toContain(`CNI ${name} plugin`);
    const env = {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/run/netns/none",
      CNI_PATH: "/",
    };
    const wrong = await call(name, [], env, '{"cniVersion":"1.0.0"}');
    expect(wrong.exitCode).toBe(1);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ code: 7, msg: expect.stringContaining("name") });
  });

  test("says what it is", async () => {
    expect((await call("portmap", ["--about"])).stdout).toContain("(linux-arm64), Apache-2.0");
    expect((await call("cni-chain", ["version"])).stdout).toContain("cni-chain ");
  });

  test.each([
    ["BUN_BE_BUN", "1"],
    ["BUN_OPTIONS", "--version"],
    ["BUN_JSC_logGC", "no such value"],
  ])("stays itself under %s=%s", async (name, value) => {
    const { exitCode, stdout } = await call("loopback", [], { CNI_COMMAND: "VERSION", [name]: value });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty("supportedVersions");
  });
});
