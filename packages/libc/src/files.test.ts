import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { libcFiles } from "./bun-files.ts";
import { openPipe, type Pipe } from "./bun-pipe.ts";
import type { Files } from "./files.ts";
import { nodeFiles } from "./node-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const made = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

test("what comes from a pipe that stays open is read as far as patience goes", () => {
  const { readEnd, writeEnd } = openPipe() as Pipe;
  writeSync(writeEnd, "as far as this");
  expect(libcFiles()?.readText(readEnd, 50)).toBe("as far as this");
  expect(libcFiles()?.readText(readEnd, 0)).toBe("");
  for (const end of [readEnd, writeEnd]) closeSync(end);
});

test("this engine can call the C library", () => {
  expect(libcFiles()).toBeDefined();
});

describe.each<[string, () => Files]>([
  ["the C library", () => libcFiles() ?? nodeFiles()],
  ["node:fs", nodeFiles],
])("by %s", (_, choose) => {
  const files = choose();

  test("text is read whole, also where a character lies across two reads, and with its byte order mark", () => {
    const text = `\ufeff${"x".repeat(65_534)}é${"日本".repeat(40_000)}`;
    expect(files.readText(made("long", text))).toBe(text);
    expect(files.readText(made("broken", new Uint8Array([0x61, 0xc3])))).toBe("a\ufffd");
    expect(files.readText(made("empty", ""))).toBe("");
    expect(files.readText("/proc/self/ns/../stat")).toMatch(/^\d+ \(/);
  });

  test("a descriptor is read from where it stands", () => {
    const descriptor = openSync(made("some", "abcdef"), "r");
    try {
      const into = new Uint8Array(2);
      expect([files.read(descriptor, into), [...into]]).toEqual([2, [0x61, 0x62]]);
      expect(files.readText(descriptor)).toBe("cdef");
      expect(files.read(descriptor, into)).toBe(0);
    } finally {
      closeSync(descriptor);
    }
  });

  test("what is written takes the place of what was there, and no file is made", () => {
    const path = made("setting", "a longer text");
    files.writeText(path, "1é");
    expect(readFileSync(path, "utf8")).toBe("1é");
    expect(() => files.writeText(join(folder, "none"), "1")).toThrow(
      expect.objectContaining({ code: "ENOENT", message: expect.stringContaining(`open '${folder}/none'`) }),
    );
  });

  test("a refusal has the code and says what was tried", () => {
    expect(() => files.readText(folder)).toThrow(expect.objectContaining({ code: "EISDIR", errno: 21 }));
    expect(() => files.readText(join(folder, "none"))).toThrow("ENOENT, no such object: open");
    expect(() => files.write(9999, new Uint8Array(1))).toThrow(expect.objectContaining({ code: "EBADF" }));
    expect(() => files.read(9999, new Uint8Array(1))).toThrow(expect.objectContaining({ code: "EBADF" }));
    expect(() => files.open(join(folder, "none"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
    expect(() => files.realPath(join(folder, "none"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
    expect(() => files.fileSystem(join(folder, "none"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
    expect(() => files.readText("a\0b")).toThrow(TypeError);
  });

  test("two names of one file have its identity, and nothing else has", () => {
    const path = made("one", "");
    symlinkSync(path, join(folder, "link"));
    expect(files.identity(join(folder, "link"))).toBe(files.identity(path));
    expect(files.identity(made("two", ""))).not.toBe(files.identity(path));
    expect(files.identity("/proc/self/ns/net")).not.toBe(files.identity("/proc/self/ns/mnt"));
    expect(files.identity(join(folder, "none"))).toBeUndefined();
    expect(files.identity(join(path, "below"))).toBeUndefined();
    // Longer than any name can be: nobody's, then.
    expect(files.identity(join(folder, "x".repeat(300)))).toBeUndefined();
  });

  test("a file is there, and is a program, or not", () => {
    const [tool, text] = [made("tool", ""), made("text", "")];
    chmodSync(tool, 0o755);
    chmodSync(text, 0o644);
    expect([tool, text, folder, join(folder, "none")].map(files.exists)).toEqual([true, true, true, false]);
    expect([tool, text, folder, join(folder, "none")].map(files.isExecutable)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("the file system and the path behind a link are told", () => {
    expect(files.fileSystem("/proc/self/ns/net")).toBe(0x6e736673);
    expect(files.fileSystem("/proc")).toBe(0x9fa0);
    symlinkSync(made("target", ""), join(folder, "link"));
    expect(files.realPath(join(folder, "link"))).toBe(files.realPath(join(folder, "target")));
    expect(files.realPath("/proc/self/../self")).toBe(`/proc/${process.pid}`);
  });

  test("an open descriptor gives what it holds until it is closed", () => {
    const descriptor = files.open(made("held", "x"));
    expect(files.read(descriptor, new Uint8Array(8))).toBe(1);
    files.close(descriptor);
    expect(() => files.read(descriptor, new Uint8Array(8))).toThrow(
      expect.objectContaining({ code: "EBADF" }),
    );
  });
});
