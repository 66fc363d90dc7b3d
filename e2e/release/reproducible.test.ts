import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { must, root } from "./unpacked.ts";

let folder: string;
beforeAll(() => {
  // Beside what is built, so that the packages' files can be linked.
  mkdirSync(join(root, "dist"), { recursive: true });
  folder = mkdtempSync(join(root, "dist", "reproducible-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("two builds in different directories, at different times, are the same bytes", async () => {
  const copy = join(folder, "somewhere", "else");
  mkdirSync(copy, { recursive: true });
  for (const name of ["packages", "scripts", "package.json", "tsconfig.json", "pnpm-workspace.yaml"]) {
    cpSync(join(root, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
  }
  await must(["cp", "--archive", "--link", join(root, "node_modules"), copy]);
  const sums = async (from: string, into: string, env: Readonly<Record<string, string>>) => {
    await must([process.execPath, join(from, "scripts", "build.ts"), into], env);
    return ["portmap", "bandwidth", "loopback", "cni-chain"].map(
      (name) =>
        `${createHash("sha256")
          .update(readFileSync(join(into, name)))
          .digest("hex")} ${name}`,
    );
  };
  const { PATH = "" } = process.env;
  // The originals from a copy, too: others may be at work on what is here.
  const here = await sums(copy, join(folder, "one"), { PATH, HOME: "/root", TZ: "UTC" });
  const moved = join(folder, "moved");
  await must(["mv", copy, moved]);
  const there = await sums(moved, join(folder, "two"), { PATH, HOME: "/nonexistent", TZ: "Asia/Tokyo" });
  expect(there).toEqual(here);
  expect(new Set(here.map((line) => line.slice(0, 64))).size).toBe(2);
});
