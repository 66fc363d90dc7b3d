import { expect, test } from "vitest";
import { isUnloaded } from "./loaded-module.ts";

const files = (texts: Readonly<Record<string, string>>) => ({
  text: async (path: string) => texts[path],
  isExecutable: () => false,
});
const release = { "/proc/sys/kernel/osrelease": "6.1\n" };
const loadable = { ...release, "/lib/modules/6.1/modules.dep": "kernel/net/nf_tables.ko.xz: x.ko\n" };

test.each([
  ["on disk, not loaded", { ...loadable, "/proc/modules": "x 1 0\n" }, true],
  ["loaded", { ...loadable, "/proc/modules": "nf_tables 1 0\n" }, false],
  ["another of a longer name", { ...loadable, "/proc/modules": "nf_tables_x 1 0\n" }, true],
  ["built in", { ...release, "/proc/modules": "" }, false],
  ["a kernel without modules", loadable, false],
])("%s", async (_, texts, unloaded) => {
  expect(await isUnloaded("nf_tables", files(texts))).toBe(unloaded);
});
