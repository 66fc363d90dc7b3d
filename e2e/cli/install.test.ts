import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plugin } from "../lib/plugins.ts";
import { until } from "../lib/poll.ts";
import { exec, Service } from "../lib/process.ts";
import { searchPath } from "../lib/tools.ts";
import { runTool, tool } from "./run-tool.ts";

/** Stands for the reference plugin that a node has. */
const reference =
  '#!/bin/sh\necho \'{"cniVersion":"1.0.0","supportedVersions":["1.0.0"],"whose":"reference"}\'\n';
const confList =
  '{\n  "cniVersion": "1.0.0",\n  "name": "n",\n  "plugins": [\n    { "type": "bridge" }\n  ]\n}\n';
const smallSize = 20_000_000;
const types = ["portmap", "bandwidth", "loopback"];

let directory: string;
const at = (...names: string[]) => join(directory, ...names);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cni-chain-install-"));
  for (const name of ["bin", "net.d"]) mkdirSync(at(name));
  for (const type of ["portmap", "bandwidth", "bridge"]) {
    writeFileSync(at("bin", type), reference);
    chmodSync(at("bin", type), 0o755);
  }
  writeFileSync(at("net.d", "10-n.conflist"), confList);
});
afterEach(() => rmSync(directory, { recursive: true }));

const install = (...more: string[]) =>
  runTool([
    "install",
    "--bin-dir",
    at("bin"),
    "--conflist",
    at("net.d", "10-n.conflist"),
    "--append",
    "portmap,bandwidth",
    ...more,
  ]);
const uninstall = (...more: string[]) =>
  runTool(["uninstall", "--bin-dir", at("bin"), "--conf-dir", at("net.d"), ...more]);

/** What the plugin at a place answers to VERSION. */
async function version(type: string): Promise<{ whose?: string; supportedVersions: string[] }> {
  const env = { PATH: searchPath, CNI_COMMAND: "VERSION" };
  const { stdout } = await exec([at("bin", type)], { env, stdin: '{"cniVersion":"1.0.0"}' });
  return JSON.parse(stdout);
}

function visible(): Record<string, string> {
  const files = ["bin", "net.d"].flatMap((name) => readdirSync(at(name)).map((file) => join(name, file)));
  return Object.fromEntries(
    files.sort().map((file) => {
      const found = lstatSync(at(file));
      const content =
        found.isFile() && found.size < 10_000 ? readFileSync(at(file), "utf8") : `${found.size} bytes`;
      return [file, `${(found.mode & 0o777).toString(8)} ${content}`];
    }),
  );
}

test("installs, and uninstall puts everything back", async () => {
  const before = visible();
  const from = ["--from", smallPlugins()];
  const done = await install(...from);
  expect(done).toMatchObject({ exitCode: 0, stderr: "" });
  expect(done.stdout).toContain(`${at("bin", "portmap")}: installed; what was there before is kept as`);
  for (const type of types) {
    expect((await version(type)).whose).toBeUndefined();
    expect(statSync(at("bin", type))).toMatchObject({ uid: process.getuid?.(), size: smallSize });
    expect(statSync(at("bin", type)).mode & 0o7777).toBe(0o755);
  }
  const valid = await runTool(["validate", at("net.d")]);
  expect(valid.stdout).toContain("ok (n: bridge → portmap → bandwidth, CNI 1.0.0)");
  const whole = visible();
  expect((await install(...from)).stdout).toContain("there already");
  expect(visible()).toEqual(whole);
  const undone = await uninstall("--json");
  expect(JSON.parse(undone.stdout)).toMatchObject({
    dryRun: false,
    binDir: at("bin"),
    plugins: [
      { type: "portmap", action: "restore" },
      { type: "bandwidth", action: "restore" },
      { type: "loopback", action: "remove" },
    ],
    conflists: [{ file: at("net.d", "10-n.conflist"), action: "restore" }],
  });
  expect(visible()).toEqual(before);
});

test("without --from it installs what lies beside it, and that works", async () => {
  const { exitCode, stderr } = await runTool(["install", "loopback", "--bin-dir", at("bin")]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(readFileSync(at("bin", "loopback")).equals(readFileSync(plugin("loopback")))).toBe(true);
  expect((await version("loopback")).supportedVersions).toContain("1.1.0");
  expect((await version("portmap")).whose).toBe("reference");
});

test("the three are one file on the node, too; a plain cp over one of them is seen and mended", async () => {
  rmSync(at("bin", "portmap"));
  const before = visible();
  const all = () => runTool(["install", "--bin-dir", at("bin")]);
  expect(await all()).toMatchObject({ exitCode: 0, stderr: "" });
  expect(new Set(types.map((type) => statSync(at("bin", type)).ino)).size).toBe(1);
  for (const type of types) expect((await version(type)).supportedVersions).toContain("1.1.0");
  const theirs = '#!/bin/sh\necho "CNI portmap plugin v1.1.1" >&2\n';
  writeFileSync(at("other"), theirs);
  await exec(["cp", at("other"), at("bin", "portmap")], { env: { PATH: searchPath } });
  expect(readFileSync(at("bin", "bandwidth"), "utf8")).toBe(theirs);
  const { stdout } = await all();
  expect(stdout).toContain(
    `${at("bin", "bandwidth")}: installed again; another plugin had been written over it`,
  );
  expect(stdout).toContain(`${at("bin", "portmap")}: installed; what was there before is kept as`);
  expect(readFileSync(at("bin", "bandwidth")).equals(readFileSync(plugin("bandwidth")))).toBe(true);
  expect((await uninstall()).exitCode).toBe(0);
  expect(visible()).toEqual({ ...before, [join("bin", "portmap")]: `755 ${theirs}` });
});

test("--dry-run changes nothing", async () => {
  const before = visible();
  const { exitCode, stdout } = await install("--dry-run", "--json", "--from", smallPlugins());
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    dryRun: true,
    plugins: types.map((type) => ({ type, action: "install" })),
    conflist: { appended: ["portmap", "bandwidth"] },
    steps: expect.arrayContaining([
      `rename ${at("bin", ".cni-chain", "portmap.new")} to ${at("bin", "portmap")}`,
    ]),
  });
  expect(visible()).toEqual(before);
});

/** Plugins of some size that are quick to write, for what is about the steps and not about them. */
function smallPlugins(): string {
  mkdirSync(at("release"));
  for (const type of types) {
    const script = '#!/bin/sh\necho \'{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}\'\nexit 0\n';
    writeFileSync(at("release", type), script.padEnd(smallSize, "#"));
  }
  return at("release");
}

test("killed in the middle: the old plugins work, a second install finishes, uninstall puts back what was before", async () => {
  const before = visible();
  const from = ["--from", smallPlugins()];
  for (const sign of ["portmap.new", "loopback.new", "portmap.replaced"]) {
    const argv = [
      tool,
      "install",
      "--bin-dir",
      at("bin"),
      "--conflist",
      at("net.d", "10-n.conflist"),
      "--append",
      "portmap",
      ...from,
    ];
    const running = new Service(argv, { PATH: searchPath });
    // Or it has gone past that already.
    const came = () =>
      [sign, "manifest.json"].some((name) => existsSync(at("bin", ".cni-chain", name))) || undefined;
    await until(`${sign} of the installation`, came, { everyMs: 1 });
    await running.kill();
    expect((await version("portmap")).supportedVersions).toContain("1.0.0");
    expect((await version("bandwidth")).supportedVersions).toContain("1.0.0");
    expect(JSON.parse(readFileSync(at("net.d", "10-n.conflist"), "utf8"))).toMatchObject({ name: "n" });
    expect(readdirSync(at("net.d")).filter((name) => /\.(conf|conflist|json)$/.test(name))).toEqual([
      "10-n.conflist",
    ]);
    expect((await install(...from)).exitCode).toBe(0);
    expect((await version("portmap")).whose).toBeUndefined();
    expect((await uninstall()).exitCode).toBe(0);
    expect(visible()).toEqual(before);
  }
});

test("the tool does not install from the directory it installs to", async () => {
  copyFileSync(tool, at("bin", "cni-chain"));
  chmodSync(at("bin", "cni-chain"), 0o755);
  const { exitCode, stderr } = await exec([at("bin", "cni-chain"), "install", "--bin-dir", at("bin")], {
    env: { PATH: searchPath },
  });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/the plugins to install lie in .*bin itself\n.*--from/);
});

test("a full or read-only disk is said in words, and leaves the old plugins", async () => {
  const script = `
    mount -t tmpfs -o size=15m tmpfs "$1" && cp "$2"/bin/* "$1" && cd / || exit 9
    "$3" install --bin-dir "$1" --from "$4"; echo "full: $?"
    CNI_COMMAND=VERSION "$1"/portmap; du -sk "$1"/portmap
    mount -o remount,ro "$1"; "$3" install --bin-dir "$1" --from "$4"; echo "read-only: $?"`;
  mkdirSync(at("mount"));
  const argv = ["unshare", "--mount", "sh", "-c", script, "sh", at("mount"), directory, tool, smallPlugins()];
  const { stdout, stderr } = await exec(argv, { env: { PATH: searchPath } });
  expect(stderr).toMatch(/no space left for .*portmap\.new/);
  expect(stderr).toMatch(/mount.* is read-only/);
  expect(stdout).toContain("full: 1");
  expect(stdout).toContain('"whose":"reference"');
  expect(stdout).toContain("read-only: 1");
});
