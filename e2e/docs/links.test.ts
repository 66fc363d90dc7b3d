import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { anchors, pages, pageText, relativeLinks, root } from "./markdown.ts";

const links = pages.flatMap(relativeLinks);

test("pages and links were found", () => {
  expect(pages).toContain("README.md");
  expect(links.length).toBeGreaterThan(10);
});

test("every relative link leads to a file", () => {
  expect(links.filter(({ file }) => !existsSync(join(root, file)))).toEqual([]);
});

test("every anchor is a heading of its page", () => {
  const toHeadings = links.filter(({ file, anchor }) => anchor !== "" && file.endsWith(".md"));
  expect(toHeadings.filter(({ file, anchor }) => !anchors(pageText(file)).has(anchor))).toEqual([]);
});

test("every file that a package's README names is one of the package", () => {
  const named = pages.flatMap((page) => {
    const folder = /^packages\/[\w-]+(?=\/README\.md$)/.exec(page)?.[0];
    if (folder === undefined) return [];
    const files = [...pageText(page).matchAll(/`([\w-]+\.ts)`/g)].map(([, file = ""]) => file);
    return files.map((file) => ({ page, file, found: globSync(`${folder}/src/**/${file}`, { cwd: root }) }));
  });
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(({ found }) => found.length === 0)).toEqual([]);
});

test.each([
  ["## Sizing of bursts", "sizing-of-bursts"],
  ["## cni-chain, the operator's tool", "cni-chain-the-operators-tool"],
  ["## `list`: who has a port?", "list-who-has-a-port"],
])("%s has the anchor %s", (heading, anchor) => {
  expect([...anchors(heading)]).toEqual([anchor]);
});
