import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Failure } from "../failure.ts";
import { readCache, removeCacheEntry, writeCacheEntry } from "./cache.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cache-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const entry = {
  network: "net",
  containerId: "c1",
  ifname: "eth0",
  netns: "/run/netns/c1",
  cniArgs: [],
  capabilityArgs: {},
  configText: '{"name":"net"}',
  result: { cniVersion: "1.0.0" },
};

test("what is written is read, is root's alone, and leaves nothing beside it", async () => {
  const dir = join(directory, "made", "when", "missing");
  writeCacheEntry(dir, entry);
  const { attachments, problems } = await readCache(dir);
  expect(problems).toEqual([]);
  expect(attachments).toEqual([
    {
      ...entry,
      config: { name: "net" },
      file: join(dir, "results", "net-c1-eth0"),
      modifiedMs: expect.any(Number),
    },
  ]);
  expect(statSync(join(dir, "results", "net-c1-eth0")).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, "results")).mode & 0o777).toBe(0o700);
  expect(readdirSync(dir)).toEqual(["results"]);
});

test("an entry is replaced, and taken away as often as one likes", async () => {
  writeCacheEntry(directory, entry);
  writeCacheEntry(directory, { ...entry, netns: "/run/netns/other" });
  expect((await readCache(directory)).attachments).toMatchObject([{ netns: "/run/netns/other" }]);
  removeCacheEntry(directory, entry);
  removeCacheEntry(directory, entry);
  expect((await readCache(directory)).attachments).toEqual([]);
});

test("what cannot be read is told, and hides nothing else", async () => {
  writeCacheEntry(directory, entry);
  mkdirSync(join(directory, "results", "a-directory"));
  writeFileSync(join(directory, "results", "net-c0-eth0"), "{half");
  const { attachments, problems } = await readCache(directory);
  expect(attachments).toHaveLength(1);
  expect(problems.map(({ file }) => file)).toEqual([
    join(directory, "results", "a-directory"),
    join(directory, "results", "net-c0-eth0"),
  ]);
});

test("no directory is an empty cache", async () => {
  expect(await readCache(join(directory, "none"))).toEqual({ attachments: [], problems: [] });
});

test("a place that cannot be one is told", async () => {
  const file = join(directory, "file");
  writeFileSync(file, "");
  await expect(readCache(file)).rejects.toThrow(Failure);
  expect(() => writeCacheEntry(file, entry)).toThrow(Failure);
});
