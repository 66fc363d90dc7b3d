import {
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  at,
  fileCount,
  install,
  inUse,
  nameSaid,
  nothingBroken,
  read,
  setUp,
  tearDown,
  types,
  uninstall,
} from "../../test/installation.ts";
import { realDisk } from "./disk.ts";

beforeEach(setUp);
afterEach(tearDown);

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
  expect((await install({ dryRun: true })).text).not.toContain("by these steps");
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

test("what does not fit on the disk takes no place there", async () => {
  const before = inUse();
  const full = (from: string, to: string) => {
    writeFileSync(to, readFileSync(from, "utf8").slice(0, 4));
    throw Object.assign(new Error("full"), { code: "ENOSPC", dest: to });
  };
  await expect(install({ disk: { ...realDisk, copyFile: full } })).rejects.toThrow("no space left");
  expect(inUse()).toEqual(before);
  expect(existsSync(at("bin", ".cni-chain"))).toBe(false);
  await install();
  const installed = inUse();
  await expect(install({ release: "2", disk: { ...realDisk, copyFile: full } })).rejects.toThrow("no space");
  expect(inUse()).toEqual(installed);
});

test("of two at once the second waits, and what was there before the first stays kept", async () => {
  rmSync(at("bin", "bandwidth"));
  linkSync(at("bin", "portmap"), at("bin", "bandwidth"));
  const before = inUse();
  const first = install();
  // Asked in the midst of a look at the directory.
  const slow = async (path: string) => {
    await first;
    return nameSaid(path);
  };
  const second = install({ release: "2", append: [], ask: slow });
  await Promise.all([first, second]);
  expect(types.map((type) => read("bin", type))).toEqual(types.map(() => "release 2"));
  await uninstall();
  expect(inUse()).toEqual(before);
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
