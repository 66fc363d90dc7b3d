import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plugins } from "../lib/plugins.ts";
import { exec } from "../lib/process.ts";
import { whyNoReference } from "../lib/reference.ts";
import { searchPath } from "../lib/tools.ts";
import type { Report } from "./render-text.ts";

const reason = whyNoReference();
if (reason !== undefined) console.warn(`left out, a run of the benchmark: ${reason}`);

const bench = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  exec([process.execPath, join(import.meta.dirname, "main.ts"), ...args], {
    env: { PATH: searchPath, CNI_PLUGINS: plugins, ...process.env, ...env },
  });

test.skipIf(reason !== undefined)("a short run measures, weighs and counts both sides", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
  try {
    const file = join(folder, "out.json");
    const args = ["--quick", "--pairs", "1", "--only", "VERSION|loopback|portmap, 5 ports A", "--json", file];
    const { exitCode, stdout, stderr } = await bench(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const { rows }: Report = JSON.parse(readFileSync(file, "utf8"));
    const names = rows.map(({ name, operation }) => `${name} ${operation}`);
    expect(names).toEqual(
      expect.arrayContaining(["portmap VERSION", "loopback ADD", "loopback DEL", "portmap, 5 ports ADD"]),
    );
    for (const name of names) expect(stdout).toContain(name);
    for (const row of rows) {
      for (const side of ["ours", "reference"] as const) {
        const figures = [row[side].median, row.anatomy?.[side].peakBytes, row.anatomy?.[side].processes];
        expect(figures.every((figure) => figure !== undefined && figure > 0)).toBe(true);
      }
      expect(row.cpuRatio?.median).toBeGreaterThan(0);
    }
    const add = rows.find(({ name, operation }) => name === "portmap, 5 ports" && operation === "ADD");
    // The reference runs iptables for each rule of each port.
    expect(add?.anatomy?.reference.processes).toBeGreaterThan(20);
    expect(add?.anatomy?.reference.transactions).toBeGreaterThan(20);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.skipIf(reason !== undefined)(
  "a plugin that says it did its work and did not fails the run",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
    try {
      const lying = `for type in portmap bandwidth loopback; do
  printf '#!/bin/sh\\ncat' >$type && chmod +x $type
done`;
      await exec(["/bin/sh", "-ec", `cd ${folder}\n${lying}`], { env: { PATH: searchPath } });
      const args = ["--pairs", "1", "--only", "loopback ADD"];
      const { exitCode, stderr } = await bench(args, { CNI_PLUGINS: folder });
      expect(exitCode).toBe(1);
      expect(stderr).toContain("ours, after ADD: loopback: lo is down");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test("a wrong command line is refused with the usage", async () => {
  for (const args of [["--pairs", "none"], ["--fast"], ["--only", "("]]) {
    const { exitCode, stderr } = await bench(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Usage: scripts/bench");
  }
});
