import { expect, test } from "vitest";
import { renderFeatureTable } from "./feature-table.ts";

test("a feature has passed on a runtime if all tests about it have", () => {
  const table = renderFeatureTable([
    { runtime: "podman", feature: "ingress limit", state: "skipped" },
    { runtime: "containerd", feature: "hostIP", state: "passed" },
    { runtime: "containerd", feature: "ingress limit", state: "passed" },
    { runtime: "containerd", feature: "hostIP", state: "failed" },
    { runtime: "containerd", feature: "ingress limit", state: "passed" },
  ]);
  expect(table?.split("\n")).toEqual([
    "               containerd  podman",
    "hostIP         FAILED      -",
    "ingress limit  passed      not run",
  ]);
});

test("there is no table of nothing", () => {
  expect(renderFeatureTable([])).toBeUndefined();
});
