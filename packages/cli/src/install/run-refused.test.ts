import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  at,
  confList,
  install,
  inUse,
  nothingBroken,
  read,
  setUp,
  tearDown,
  tree,
  uninstall,
} from "../../test/installation.ts";
import { realDisk } from "./disk.ts";

beforeEach(setUp);
afterEach(tearDown);

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
    ["no conflist", () => rmSync(at("net.d", "10-n.conflist")), install, /^no such file: .*10-n\.conflist$/],
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
