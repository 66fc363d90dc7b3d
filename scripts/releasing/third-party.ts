import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Component, Inside } from "../../packages/core/src/about.ts";
import { engineLicencePage } from "../building/engine-components.ts";
import { manifests } from "./version.ts";

/** The licences of all that is inside and not our own, as their authors want them to be passed on. */
export function thirdParty(root: string, insides: readonly Inside[]): string {
  const parts = foreign(root, insides).map((component) => {
    const { name, version, licence } = component;
    return `## ${name} ${version} (${licence})\n\n${licenceText(folderOf(root, component))}`;
  });
  const page = readFileSync(engineLicencePage(root), "utf8").replace(/^---\n[\s\S]*?\n---\n/, "");
  const engine = `## The engine: Bun ${Bun.version}, which is a part of every executable\n\n${page.trim().replaceAll(/^## /gm, "### ")}`;
  return `# What is of others\n\n${[...parts, engine].join("\n\n")}\n`;
}

/** The packages of npm inside any of the executables, each once. */
function foreign(root: string, insides: readonly Inside[]): readonly Component[] {
  const all = new Map(
    insides.flatMap(({ packages }) => packages.map((one) => [`${one.name}@${one.version}`, one] as const)),
  );
  const workspace = new Set(
    manifests(root).map((file) => JSON.parse(readFileSync(join(root, file), "utf8")).name),
  );
  return [...all.values()].filter(({ name }) => !workspace.has(name));
}

/** Where pnpm keeps a package: in a folder whose name may go on with what its peers are. */
function folderOf(root: string, { name, version }: Component): string {
  const store = join(root, "node_modules", ".pnpm");
  const id = `${name.replace("/", "+")}@${version}`;
  const found = readdirSync(store).find((entry) => entry === id || entry.startsWith(`${id}_`));
  if (found === undefined) throw new Error(`${id} is not in ${store}`);
  return join(store, found, "node_modules", name);
}

function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) return "The package has no licence text of its own.";
  return readFileSync(join(folder, file), "utf8")
    .replaceAll("\r", "")
    .trim()
    .replaceAll(/^(?=.)/gm, "    ");
}
