import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { fences, root } from "./markdown.ts";

/** What each depends on. */
type House = ReadonlyMap<string, ReadonlySet<string>>;

/** What each depends on in any number of steps, as lines. */
function reached(house: House): string[] {
  const from = (start: string, seen = new Set<string>()): Set<string> => {
    for (const next of house.get(start) ?? []) if (!seen.has(next)) from(next, seen.add(next));
    return seen;
  };
  return [...house.keys()].flatMap((start) => [...from(start)].map((end) => `${start} -> ${end}`)).sort();
}

/** Lines `a & b --> c & d`; `a["text"]` is called by the first word of its text. The kernel is no package. */
function drawn(text: string): House {
  const names = new Map(
    [...text.matchAll(/^\s*(\w+)\["([\w-]+)[^"]*"\]$/gm)].map(([, id, name]) => [id, name]),
  );
  const packages = (side = "") =>
    side
      .split("&")
      .map((id) => names.get(id.trim()) ?? id.trim())
      .filter((name) => !name.startsWith("kernel"));
  const house = new Map<string, Set<string>>();
  for (const [, left, right] of text.matchAll(/^\s*([\w &]+?) -->(?:\|[^|]*\|)? (.+)$/gm)) {
    for (const name of packages(left))
      house.set(name, (house.get(name) ?? new Set()).union(new Set(packages(right))));
  }
  return house;
}

/** By their manifests, whose dependencies lint holds to the imports. */
function built(): House {
  const manifests = globSync("packages/*/package.json", { cwd: root }).map((file) => ({
    folder: basename(dirname(file)),
    ...(JSON.parse(readFileSync(join(root, file), "utf8")) as {
      readonly name: string;
      readonly dependencies?: Readonly<Record<string, string>>;
    }),
  }));
  const folders = new Map(manifests.map(({ name, folder }) => [name, folder]));
  return new Map(
    manifests.map(({ folder, dependencies = {} }) => [
      folder,
      new Set(Object.keys(dependencies).flatMap((name) => folders.get(name) ?? [])),
    ]),
  );
}

test("the drawing of the house has the packages' dependencies", () => {
  const [house] = fences("packages/docs/contributors.md").filter(({ language }) => language === "mermaid");
  const lines = reached(drawn(house?.text ?? ""));
  expect(lines.length).toBeGreaterThan(30);
  expect(lines).toEqual(reached(built()));
});
