import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLockFile } from "./bun-byte-lock.ts";

const madeFile = () => {
  const folder = mkdtempSync(join(tmpdir(), "byte-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "lock");
  writeFileSync(file, "");
  return file;
};
/** As if by two processes: the locks are those of an open file, not of a process. */
const openTwice = (file: string) => {
  const [one, other] = [openLockFile(file), openLockFile(file)];
  if (one === undefined || other === undefined) throw new Error(`${file} is not there`);
  return [one, other] as const;
};
const highest = 2n ** 60n - 1n;

test("a byte is of one at a time, beside others", () => {
  const [one, other] = openTwice(madeFile());
  expect(one.tryLock(highest)).toBe(true);
  expect(one.tryLock(highest)).toBe(true);
  expect(other.tryLock(highest)).toBe(false);
  expect(other.tryLock(highest - 1n)).toBe(true);
  expect(one.tryLock(highest - 1n)).toBe(false);
});

test("a lock lasts as long as a process that has inherited it", async () => {
  const file = madeFile();
  const [one, other] = openTwice(file);
  expect(one.tryLock(7n)).toBe(true);
  const heir = Bun.spawn(["cat"], { stdio: ["pipe", "ignore", "ignore", one.descriptor] });
  // What is left of it here is the heir's alone.
  const { files } = await import("./index.ts");
  files.close(one.descriptor);
  expect(other.tryLock(7n)).toBe(false);
  await heir.stdin.end();
  await heir.exited;
  expect(other.tryLock(7n)).toBe(true);
});

test("an end that is made of a lock holds for who has inherited it, too", async () => {
  const [one, other] = openTwice(madeFile());
  expect(one.tryLock(7n)).toBe(true);
  const heir = Bun.spawn(["cat"], { stdio: ["pipe", "ignore", "ignore", one.descriptor] });
  one.unlock(7n);
  expect(other.tryLock(7n)).toBe(true);
  await heir.stdin.end();
  await heir.exited;
});

test("no file, no lock", () => {
  expect(openLockFile(`${madeFile()}.none`)).toBeUndefined();
});
