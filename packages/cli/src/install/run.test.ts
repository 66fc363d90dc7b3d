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
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Terminal } from "../output/terminal.ts";
import { type Disk, realDisk } from "./disk.ts";
import { runInstall, runUninstall } from "./run.ts";

const confList = '{\n  "cniVersion": "1.0.0", "name": "n",\n  "plugins": [\n    {"type": "bridge"}\n  ]\n}\n';
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
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cni-chain-install-"));
  reset();
});
afterEach(() => rmSync(root, { recursive: true }));

const types = ["portmap", "bandwidth", "loopback"];

/** A bin-dir with others' portmap and bandwidth and no loopback, a conflist, and two releases of ours, of one file each. */
function reset(): void {
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
function tree(directory: string, under = ""): Record<string, string> {
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

const inUse = () => ({ bin: tree(join(root, "bin")), conf: tree(join(root, "net.d")) });
const at = (...names: string[]) => join(root, ...names);
const read = (...names: string[]) => readFileSync(at(...names), "utf8");

function install(
  options: { release?: string; disk?: Disk; append?: string[]; types?: string[]; dryRun?: boolean } = {},
) {
  const { release = "1", disk = realDisk, append = ["portmap", "bandwidth"], dryRun = false } = options;
  const file = at("net.d", "10-n.conflist");
  const chosen = { types: options.types ?? types, binDir: at("bin"), from: at(release), dryRun };
  const withList = append.length === 0 ? chosen : { ...chosen, confList: { file, types: append } };
  return runInstall(withList, quiet, { disk, whyNoPlugin, nameSaid });
}

function uninstall(disk: Disk = realDisk, force = false) {
  const options = { binDir: at("bin"), confDir: at("net.d"), force, dryRun: false };
  return runUninstall(options, quiet, { disk, whyNoPlugin, nameSaid });
}

async function whyNoPlugin(path: string): Promise<string | undefined> {
  return /^release \d$/.test(readFileSync(path, "utf8")) ? undefined : "half a file";
}

/** A release answers by the name it is called, anything else by what it is. */
async function nameSaid(path: string): Promise<string | undefined> {
  const text = readFileSync(path, "utf8");
  return text.startsWith("release") ? basename(path) : /reference (\w+)/.exec(text)?.[1];
}

class Killed extends Error {}

/** A disk that dies before its nth operation, of a copy or a write in its middle, and stays dead. */
function dying(n: number): Disk & { readonly alive: () => boolean } {
  let left = n;
  const half = {
    copyFile: (from: string, to: string) => writeFileSync(to, readFileSync(from, "utf8").slice(0, 9)),
    writeFile: (path: string, text: string) => writeFileSync(path, text.slice(0, 9)),
  };
  const counted = Object.entries(realDisk).map(([name, operation]) => [
    name,
    (...args: [string, string]) => {
      left -= 1;
      if (left > 0) return operation(...args);
      if (left === 0 && name in half) half[name as keyof typeof half](...args);
      throw new Killed(`at operation ${n}`);
    },
  ]);
  return { ...(Object.fromEntries(counted) as Disk), alive: () => left > 0 };
}

/** Runs something with a death at every operation there is, from the same beginning each time. */
async function atEveryStep(
  prepare: () => Promise<unknown>,
  run: (disk: Disk) => Promise<unknown>,
  then: () => Promise<void>,
): Promise<number> {
  for (let n = 1; n < 500; n++) {
    reset();
    await prepare();
    const disk = dying(n);
    const died = await run(disk).then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return true;
      },
    );
    try {
      await then();
    } catch (error) {
      throw new Error(`after a death at operation ${n}`, { cause: error });
    }
    if (!died) return n - 1;
  }
  throw new Error("it never ended");
}

/** Of how many files the plugins of a directory are the names. */
const fileCount = (directory: string) => new Set(types.map((type) => statSync(at(directory, type)).ino)).size;

/** What must hold at any moment, whatever has died. */
function nothingBroken(): void {
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

test("install, and uninstall brings back every byte and mode", async () => {
  const before = inUse();
  const done = await install();
  for (const type of types) expect(read("bin", type)).toBe("release 1");
  expect(statSync(at("bin", "loopback")).mode & 0o777).toBe(0o755);
  expect(statSync(at("net.d", "10-n.conflist")).mode & 0o777).toBe(0o640);
  expect(
    JSON.parse(read("net.d", "10-n.conflist")).plugins.map(({ type }: { type: string }) => type),
  ).toEqual(["bridge", "portmap", "bandwidth"]);
  expect(done.json).toMatchObject({
    plugins: [
      { type: "portmap", action: "install", kept: at("bin", ".cni-chain", "portmap.replaced") },
      { type: "bandwidth", action: "install" },
      { type: "loopback", action: "install", kept: null },
    ],
    conflist: { appended: ["portmap", "bandwidth"] },
  });
  nothingBroken();
  expect(fileCount("bin")).toBe(1);
  expect(statSync(at("bin", "portmap")).ino).not.toBe(statSync(at("1", "portmap")).ino);
  expect((await uninstall()).json).toMatchObject({
    plugins: [
      { type: "portmap", action: "restore" },
      { type: "bandwidth", action: "restore" },
      { type: "loopback", action: "remove" },
    ],
    conflists: [{ action: "restore" }],
  });
  expect(inUse()).toEqual(before);
});

test("twice is once", async () => {
  await install();
  const once = inUse();
  expect((await install()).json).toMatchObject({ steps: [], conflist: { appended: [] } });
  expect(inUse()).toEqual(once);
});

test("a dry run changes nothing and says every step", async () => {
  const before = inUse();
  const done = await install({ dryRun: true });
  expect(inUse()).toEqual(before);
  expect(done.text).toContain(`rename ${at("bin", ".cni-chain", "portmap.new")} to ${at("bin", "portmap")}`);
});

test("an upgrade keeps the reference's, not the older one of ours", async () => {
  const before = inUse();
  await install();
  expect((await install({ release: "2" })).json).toMatchObject({ plugins: [{ action: "upgrade" }, {}, {}] });
  expect(read("bin", "portmap")).toBe("release 2");
  await uninstall();
  expect(inUse()).toEqual(before);
});

test("back to an older release of ours, and out", async () => {
  const before = inUse();
  await install({ release: "2" });
  await install({ release: "1" });
  await uninstall();
  expect(inUse()).toEqual(before);
});

test("what somebody put over ours is theirs: kept by the next install, left by uninstall", async () => {
  await install();
  writeFileSync(at("bin", "portmap"), "reference portmap");
  expect((await uninstall()).json).toMatchObject({ plugins: [{ action: "leave" }, {}, {}] });
  expect(read("bin", "portmap")).toBe("reference portmap");
  await install();
  writeFileSync(at("bin", "portmap"), "a newer reference portmap");
  await install();
  expect(read("bin", "portmap")).toBe("release 1");
  await uninstall();
  expect(read("bin", "portmap")).toBe("a newer reference portmap");
});

test("a link is put back as a link", async () => {
  rmSync(at("bin", "portmap"));
  symlinkSync("bridge", at("bin", "portmap"));
  await install({ append: [] });
  expect(read("bin", "bridge")).toBe("reference bridge");
  expect(lstatSync(at("bin", "portmap")).isSymbolicLink()).toBe(false);
  await uninstall();
  expect(readlinkSync(at("bin", "portmap"))).toBe("bridge");
});

test("a file system without hard links has a copy for each", async () => {
  const before = inUse();
  const link = () => {
    throw Object.assign(new Error("no links"), { code: "EPERM" });
  };
  await install({ disk: { ...realDisk, link } });
  for (const type of types) expect(read("bin", type)).toBe("release 1");
  expect(fileCount("bin")).toBe(3);
  await uninstall();
  expect(inUse()).toEqual(before);
});

test("copies of one content become one file; what differs stays apart", async () => {
  for (const type of types) rmSync(at("1", type));
  for (const type of types) writeFileSync(at("1", type), type === "loopback" ? "release 9" : "release 1");
  await install();
  expect(types.map((type) => read("bin", type))).toEqual(["release 1", "release 1", "release 9"]);
  expect(fileCount("bin")).toBe(2);
});

test("one that was taken away comes back as a name of those that are there", async () => {
  await install();
  rmSync(at("bin", "loopback"));
  const { json } = await install();
  expect(json).toMatchObject({ plugins: [{ action: "leave" }, { action: "leave" }, { action: "install" }] });
  expect(fileCount("bin")).toBe(1);
});

test("what another tool kept as links comes back as links", async () => {
  for (const type of types) rmSync(at("bin", type), { force: true });
  writeFileSync(at("bin", "portmap"), "release 9", { mode: 0o755 });
  for (const type of ["bandwidth", "loopback"]) linkSync(at("bin", "portmap"), at("bin", type));
  const before = inUse();
  await install();
  await uninstall();
  expect(inUse()).toEqual(before);
  expect(fileCount("bin")).toBe(1);
});

describe("somebody's cp over one name has written all of them", () => {
  const cpLoopback = () => writeFileSync(at("bin", "loopback"), "reference loopback");

  test("install puts ours back, and keeps that one for its own name alone", async () => {
    const before = inUse();
    await install();
    cpLoopback();
    expect(types.map((type) => read("bin", type))).toEqual(types.map(() => "reference loopback"));
    const done = await install();
    expect(done.json).toMatchObject({
      plugins: [{ action: "mend" }, { action: "mend" }, { action: "install" }],
    });
    expect(done.text).toContain("portmap: installed again; another plugin had been written over it");
    expect(types.map((type) => read("bin", type))).toEqual(types.map(() => "release 1"));
    await uninstall();
    expect(read("bin", "loopback")).toBe("reference loopback");
    rmSync(at("bin", "loopback"));
    expect(inUse()).toEqual(before);
  });

  test("uninstall puts back what was there before ours, and leaves that one at its own name", async () => {
    await install();
    cpLoopback();
    await uninstall();
    expect(types.map((type) => read("bin", type))).toEqual([
      "reference portmap",
      "reference bandwidth",
      "reference loopback",
    ]);
  });

  test("one that says no name takes nothing away of what is kept", async () => {
    const before = inUse();
    await install();
    writeFileSync(at("bin", "portmap"), "somebody's");
    expect((await install()).json).toMatchObject({ plugins: types.map(() => ({ action: "mend" })) });
    await uninstall();
    expect(inUse()).toEqual(before);
  });
});

describe("killed at every operation", { timeout: 60_000 }, () => {
  test("of an install: nothing is broken, and a second install finishes, and uninstall undoes it", async () => {
    const before = inUse();
    await install();
    const whole = inUse();
    const operations = await atEveryStep(
      async () => {},
      (disk) => install({ disk }),
      async () => {
        nothingBroken();
        await install();
        expect(inUse()).toEqual(whole);
        expect(fileCount("bin")).toBe(1);
        await uninstall();
        expect(inUse()).toEqual(before);
      },
    );
    expect(operations).toBeGreaterThan(30);
  });

  test("of an install: uninstall undoes it", async () => {
    const before = inUse();
    await atEveryStep(
      async () => {},
      (disk) => install({ disk }),
      async () => {
        await uninstall();
        expect(inUse()).toEqual(before);
      },
    );
  });

  test("of an upgrade: uninstall goes back to the reference's", async () => {
    const before = inUse();
    await atEveryStep(
      () => install({ append: ["portmap"] }),
      (disk) => install({ release: "2", disk }),
      async () => {
        nothingBroken();
        await uninstall();
        expect(inUse()).toEqual(before);
      },
    );
  });

  test("of an uninstall: a second one finishes, or an install takes it up again", async () => {
    const before = inUse();
    await atEveryStep(install, uninstall, async () => {
      nothingBroken();
      await uninstall();
      expect(inUse()).toEqual(before);
    });
    await atEveryStep(install, uninstall, async () => {
      await install();
      expect(read("bin", "portmap")).toBe("release 1");
      await uninstall();
      expect(inUse()).toEqual(before);
    });
  });

  test("of an uninstall of an edited conflist: later changes stay", async () => {
    const edit = async () => {
      await install();
      writeFileSync(at("net.d", "10-n.conflist"), read("net.d", "10-n.conflist").replace('"n"', '"m"'));
    };
    await atEveryStep(edit, uninstall, async () => {
      await uninstall();
      expect(read("net.d", "10-n.conflist")).toBe(confList.replace('"n"', '"m"'));
      expect(readdirSync(at("net.d"))).toEqual(["10-n.conflist"]);
    });
  });
});

describe("refused, and nothing changed", () => {
  test.each<[string, () => unknown, () => Promise<unknown>, RegExp]>([
    [
      "the bin-dir is missing",
      () => rmSync(at("bin"), { recursive: true }),
      install,
      /no such directory: .*bin/,
    ],
    [
      "the plugins are the bin-dir's own",
      () => {},
      () => install({ release: "bin", types: ["portmap"] }),
      /lie in .*bin itself/,
    ],
    ["a plugin is missing beside it", () => rmSync(at("1", "loopback")), install, /no loopback in/],
    [
      "a new plugin does not start",
      () => writeFileSync(at("1", "bandwidth"), "\u007fELF of another machine"),
      install,
      /portmap does not start here/,
    ],
    [
      "a directory in a plugin's place",
      () => mkdirSync(at("bin", "loopback")),
      install,
      /loopback is a directory/,
    ],
    [
      "the conflist has errors",
      () => writeFileSync(at("net.d", "10-n.conflist"), '{"name":"n","plugins":[{}]}'),
      install,
      /has errors; nothing was changed/,
    ],
    [
      "the conflist is a single plugin's",
      () => writeFileSync(at("net.d", "10-n.conflist"), '{"name":"n","cniVersion":"1.0.0","type":"bridge"}'),
      install,
      /single plugin's configuration/,
    ],
    [
      "the version has no bandwidth",
      () => writeFileSync(at("net.d", "10-n.conflist"), confList.replace("1.0.0", "0.2.0")),
      install,
      /would have errors with portmap and bandwidth/,
    ],
    ["no conflist", () => rmSync(at("net.d", "10-n.conflist")), install, /ENOENT|no such file/],
  ])("%s", async (_what, prepare, run, message) => {
    prepare();
    const used = existsSync(at("bin")) ? tree(at("bin")) : {};
    await expect(run()).rejects.toThrow(message);
    const now = existsSync(at("bin")) ? tree(at("bin")) : {};
    expect(Object.fromEntries(Object.entries(now).filter(([path]) => !path.endsWith(".new")))).toEqual(used);
  });

  test.each([
    ["ENOSPC", /no space left for .*\.cni-chain\/portmap\.new/],
    ["EROFS", /is read-only/],
    ["EACCES", /no right to write/],
  ])(
    "%s in the middle of a copy: said, the old plugins work, and the next install is whole",
    async (code, message) => {
      const copyFile = (from: string, to: string) => {
        if (!to.endsWith("portmap.new")) return realDisk.copyFile(from, to);
        writeFileSync(to, "half");
        throw Object.assign(new Error(code), { code, path: from, dest: to });
      };
      await expect(install({ disk: { ...realDisk, copyFile } })).rejects.toThrow(message);
      nothingBroken();
      expect(read("bin", "portmap")).toBe("reference portmap");
      await install();
      expect(read("bin", "bandwidth")).toBe("release 1");
    },
  );

  test("uninstall, where a configuration would be left without its plugin; --force does it", async () => {
    await install({ append: [] });
    writeFileSync(
      at("net.d", "99-lo.conflist"),
      '{"name":"lo","cniVersion":"1.0.0","plugins":[{"type":"loopback"}]}',
    );
    const whole = inUse();
    await expect(uninstall()).rejects.toThrow(/would name a plugin that is gone/);
    expect(inUse()).toEqual(whole);
    await uninstall(realDisk, true);
    expect(existsSync(at("bin", "loopback"))).toBe(false);
  });

  test("a manifest nobody can read", async () => {
    await install();
    writeFileSync(at("bin", ".cni-chain", "manifest.json"), "{");
    const whole = inUse();
    await expect(uninstall()).rejects.toThrow(/what was installed is not known/);
    expect(inUse()).toEqual(whole);
  });
});

test("uninstall where nothing is installed says so", async () => {
  const before = inUse();
  expect((await uninstall()).text).toContain("nothing is installed here");
  expect(inUse()).toEqual(before);
});

test("one plugin is installed, the others stay", async () => {
  await install({ types: ["loopback"], append: [] });
  expect(read("bin", "portmap")).toBe("reference portmap");
  expect(read("bin", "loopback")).toBe("release 1");
});
