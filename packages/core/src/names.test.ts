import { describe, expect, test } from "vitest";
import { hashName } from "./names.ts";
import { sha512Hex as bunSha512Hex } from "./sha512-bun.ts";
import { sha512Hex as nodeSha512Hex } from "./sha512-node.ts";

describe("hashName", () => {
  // Names the reference plugins give: pods attached by either must be found by the other.
  test.each([
    [28, "CNI-DN-", "net", "c1", "CNI-DN-623e1c388032b20529218"],
    [28, "CNI-DN-", "test", "icee6giejonei6so", "CNI-DN-022110f36292712c8bb50"],
    [15, "bwp", "mynet", "abc123", "bwp70a29d9dc18b"],
  ])("%i characters, %s, %s + %s", (length, prefix, network, containerId, name) => {
    expect(hashName(length, prefix, network + containerId)).toBe(name);
  });
});

test.each(["", "abc", "net".repeat(100), "ü€😀"])("both engines hash %j alike", (text) => {
  expect(bunSha512Hex(text)).toBe(nodeSha512Hex(text));
  expect(bunSha512Hex(text)).toMatch(/^[0-9a-f]{128}$/);
});
