import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { deployments, manifests, releaseVersion, versionIn } from "../../scripts/releasing/version.ts";
import { must, root } from "./unpacked.ts";

const next = packageJson.version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
const page = readFileSync(join(root, ".changeset", "README.md"), "utf8");

let copy: string;
const read = (file: string) => readFileSync(join(copy, file), "utf8");

/** What a new version changes, and what changes it. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "cni-chain-version-"));
  const tops = [".changeset", "scripts", "CHANGELOG.md", "package.json", "pnpm-workspace.yaml"];
  for (const name of [...tops, "e2e/package.json", "packages/cli/deploy"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  for (const name of manifests(root)) cpSync(join(root, name), join(copy, name));
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true }));

test("a change as the page shows it becomes an entry of the changelog and the version of everything", async () => {
  expect(releaseVersion(copy)).toBe(packageJson.version);
  const [, name = "", example = ""] = /`(\.changeset\/\S+\.md)`:\n\n((?: {4}.*\n|\n)+)/.exec(page) ?? [];
  writeFileSync(join(copy, name), example.replaceAll(/^ {4}/gm, "").trimStart());
  const bin = join(root, "node_modules", ".bin");
  const command = packageJson.scripts["new-version"];
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` };
  await must(["sh", "-ec", `cd "$1"; ${command}`, "sh", copy], env);

  expect(releaseVersion(copy)).toBe(next);
  for (const manifest of manifests(root)) expect(versionIn(copy, manifest), manifest).toBe(next);
  expect(read("CHANGELOG.md")).toMatch(
    new RegExp(`^## ${next}\n\n### Patch Changes\n\n- bandwidth: a rate`, "m"),
  );
  const deployed = deployments(root);
  expect(deployed).toContain("packages/cli/deploy/base/kustomization.yaml");
  for (const file of deployed) {
    expect(read(file), file).toContain(next);
    expect(read(file), file).not.toContain(packageJson.version);
  }
});

test("half a new version is refused: a package, a manifest or the changelog that has the old one", () => {
  for (const file of [
    "packages/core/package.json",
    "packages/cli/deploy/base/kustomization.yaml",
    "CHANGELOG.md",
  ]) {
    const text = read(file);
    writeFileSync(join(copy, file), readFileSync(join(root, file)));
    expect(() => releaseVersion(copy), file).toThrow("pnpm new-version");
    writeFileSync(join(copy, file), text);
  }
  expect(releaseVersion(copy)).toBe(next);
});
