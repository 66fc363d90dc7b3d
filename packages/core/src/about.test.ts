import { expect, test } from "vitest";
import { aboutText, aboutThis } from "./about.ts";

test("names program, version, platform, and each part with version and licence, in columns", () => {
  const text = aboutText("portmap", {
    version: "1.2.3",
    licence: "Apache-2.0",
    platform: "linux-x64",
    packages: [{ name: "@cni-chain/core", version: "1.2.3", licence: "Apache-2.0" }],
    engine: [
      { name: "bun", version: "1.4.5", licence: "MIT" },
      { name: "libbase64", version: "", licence: "BSD-2-Clause" },
    ],
  });
  expect(text.split("\n")).toEqual([
    "portmap 1.2.3 (linux-x64), Apache-2.0",
    "",
    "Packages inside:",
    "  @cni-chain/core  1.2.3  Apache-2.0",
    "",
    "The engine, and what is in it:",
    "  bun              1.4.5  MIT",
    "  libbase64        -      BSD-2-Clause",
    "",
  ]);
});

test("says so where nothing was compiled", () => {
  expect(aboutThis("portmap")).toBe("portmap: run from its sources, nothing is inside\n");
});
