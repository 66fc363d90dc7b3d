import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Component } from "../../packages/core/src/about.ts";

/** SPDX identifiers of what Bun's page says in words. */
const spdx: Readonly<Record<string, string>> = {
  "MIT licensed": "MIT",
  "Apache 2.0": "Apache-2.0",
  "Apache 2.0 licensed": "Apache-2.0",
  "BSD 2-Clause": "BSD-2-Clause",
  "BSD 3-Clause": "BSD-3-Clause",
  "LGPL v2.1": "LGPL-2.1-only",
  "ICU license": "Unicode-3.0",
  zlib: "Zlib",
  "dual-licensed under the BSD License or GPLv2 license": "BSD-3-Clause OR GPL-2.0-only",
  "dual-licensed under the Perl License or the MIT License": "Artistic-1.0-Perl OR MIT",
  "dual-licensed under CC0 1.0 or the BSD 2-Clause License": "CC0-1.0 OR BSD-2-Clause",
};

/** Names under which `process.versions` has what Bun's page calls otherwise. */
const versionNames: Readonly<Record<string, string>> = {
  libicu: "icu",
  "c-ares": "ares",
  picohttp: "picohttpparser",
  "lol-html": "lolhtml",
  "ls-hpack": "lshpack",
  uSockets: "usockets",
  uWebsockets: "uwebsockets",
  "zlib-ng": "zlib",
};

/** Where Bun's own page about its licences is: its types bring the documentation along. */
export function engineLicencePage(root: string): string {
  const types = Bun.resolveSync("@types/bun/package.json", root);
  return join(Bun.resolveSync("bun-types/package.json", types), "..", "docs", "project", "license.mdx");
}

/**
 * Bun, JavaScriptCore and the libraries Bun says it links, without those of other systems.
 * @throws where the page is no longer as it was
 */
export function engineComponents(root: string): readonly Component[] {
  const page = readFileSync(engineLicencePage(root), "utf8");
  const libraries = /^## Linked libraries$([\s\S]*?)^## /m.exec(page)?.[1] ?? "";
  const rows = [...libraries.matchAll(/^\|[^|]*\[`?([^`\]]+)`?\][^|]*\|([^|]*)\|$/gm)]
    .filter(([line]) => !/\(on Windows\)|windows\.zig/.test(line))
    .map(([, name = "", licence = ""]): Component => {
      const words = licence.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").trim();
      return { name, version: versionOf(versionNames[name] ?? name), licence: spdx[words] ?? words };
    });
  if (rows.length < 20 || !page.includes("Bun itself is MIT-licensed") || !page.includes("LGPL-2 licensed")) {
    throw new Error("Bun's page about its licences is another one than it was: look again");
  }
  return [
    { name: "bun", version: Bun.version, licence: "MIT" },
    { name: "JavaScriptCore", version: versionOf("webkit"), licence: "LGPL-2.0-or-later AND BSD-2-Clause" },
    ...rows,
  ];
}

/** Of revisions as much as tells them apart. */
function versionOf(name: string): string {
  const version = new Map(Object.entries(process.versions)).get(name) ?? "";
  return /^[0-9a-f]{40}$/.test(version) ? version.slice(0, 12) : version;
}
