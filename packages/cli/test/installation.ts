import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { type Disk, realDisk } from "../src/install/disk.ts";
import { runInstall, runUninstall } from "../src/install/run.ts";
import type { Terminal } from "../src/output/terminal.ts";

// A bin-dir, a folder of conflists and releases to install from, in a temporary folder: set up afresh for each test.

/** The conflist as it is before. */
export const confList =
  '{\n  "cniVersion": "1.0.0", "name": "n",\n  "plugins": [\n    {"type": "bridge"}\n  ]\n}\n';
const quiet: Terminal = {
  write() {},
  tell() {},
  isTerminal: false,
  errIsTerminal: false,
  width: 80,
  height: 24,
  colour: false,
};

let root: string;

/** For `beforeEach`. */
export function setUp(): void {
  root = mkdtempSync(join(tmpdir(), "cni-chain-install-"));
  reset();
}

/** For `afterEach`. */
export function tearDown(): void {
  rmSync(root, { recursive: true });
}

export const types = ["portmap", "bandwidth", "loopback"];

/** A bin-dir with others' portmap and bandwidth and no loopback, a conflist, and two releases of ours, of one file each. */
export function reset(): void {
  rmSync(root, { recursive: true, force: true });
  for (const name of ["bin", "net.d", "1", "2"]) mkdirSync(join(root, name), { recursive: true });
  for (const release of ["1", "2"]) {
    writeFileSync(join(root, release, "portmap"), `release ${release}`);
    for (const type of ["bandwidth", "loopback"])
      linkSync(join(root, release, "portmap"), join(root, release, type));
  }
  for (const type of ["portmap", "bandwidth", "bridge"]) {
    writeFileSync(join(root, "bin", type), `reference ${type}`);
    chmodSync(join(root, "bin", type), 0o755);
  }
  writeFileSync(join(root, "net.d", "10-n.conflist"), confList);
  chmodSync(join(root, "net.d", "10-n.conflist"), 0o640);
}

/** All files with content or target, and mode. */
export function tree(directory: string, under = ""): Record<string, string> {
  return Object.assign(
    {},
    ...readdirSync(join(directory, under))
      .sort()
      .map((name) => {
        const path = join(directory, under, name);
        const found = lstatSync(path);
        if (found.isDirectory()) return tree(directory, join(under, name));
        const content = found.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, "utf8");
        return { [join(under, name)]: `${(found.mode & 0o777).toString(8)} ${content}` };
      }),
  );
}

/** All that a node uses. */
export const inUse = () => ({ bin: tree(join(root, "bin")), conf: tree(join(root, "net.d")) });
export const at = (...names: string[]) => join(root, ...names);
export const read = (...names: string[]) => readFileSync(at(...names), "utf8");

export function install(
  options: {
    release?: string;
    disk?: Disk;
    append?: string[];
    types?: string[];
    dryRun?: boolean;
    /** In the place of a look at what the plugins call themselves. */
    ask?: (path: string) => Promise<string | undefined>;
  } = {},
) {
  const { release = "1", disk = realDisk, append = ["portmap", "bandwidth"], dryRun = false } = options;
  const file = at("net.d", "10-n.conflist");
  const chosen = { types: options.types ?? types, binDir: at("bin"), from: at(release), dryRun };
  const withList = append.length === 0 ? chosen : { ...chosen, confList: { file, types: append } };
  return runInstall(withList, quiet, { disk, whyNoPlugin, nameSaid: options.ask ?? nameSaid });
}

export function uninstall(disk: Disk = realDisk, force = false) {
  const options = { binDir: at("bin"), confDir: at("net.d"), force, dryRun: false };
  return runUninstall(options, quiet, { disk, whyNoPlugin, nameSaid });
}

async function whyNoPlugin(path: string): Promise<string | undefined> {
  return /^release \d$/.test(readFileSync(path, "utf8")) ? undefined : "half a file";
}

/** A release answers by the name it is called, anything else by what it is. */
export async function nameSaid(path: string): Promise<string | undefined> {
  const text = readFileSync(path, "utf8");
  return text.startsWith("release") ? basename(path) : /reference (\w+)/.exec(text)?.[1];
}

/** Of how many files the plugins of a directory are the names. */
export const fileCount = (directory: string) =>
  new Set(types.map((type) => statSync(at(directory, type)).ino)).size;

/** What must hold at any moment, whatever has died. */
export function nothingBroken(): void {
  for (const type of ["portmap", "bandwidth"]) {
    expect(read("bin", type)).toMatch(new RegExp(`^(reference ${type}|release [12])$`));
    expect(statSync(at("bin", type)).mode & 0o777).toBe(0o755);
  }
  if (existsSync(at("bin", "loopback"))) expect(read("bin", "loopback")).toMatch(/^release [12]$/);
  const visible = readdirSync(at("net.d")).filter((name) => /\.(conf|conflist|json)$/.test(name));
  expect(visible).toEqual(["10-n.conflist"]);
  const list: unknown = JSON.parse(read("net.d", "10-n.conflist"));
  expect(list).toMatchObject({ name: "n", plugins: expect.arrayContaining([{ type: "bridge" }]) });
  expect(
    readdirSync(at("bin")).filter((name) => !["portmap", "bandwidth", "loopback", "bridge"].includes(name)),
  ).toEqual(existsSync(at("bin", ".cni-chain")) ? [".cni-chain"] : []);
}
