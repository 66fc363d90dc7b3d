import { expect, test } from "vitest";
import { UsageError } from "../failure.ts";
import type { CachedAttachment } from "./cache.ts";
import { judge, parseValid } from "./valid-attachments.ts";

const attachment = (containerId: string, netns?: string): CachedAttachment => ({
  network: "net",
  containerId,
  ifname: "eth0",
  ...(netns === undefined ? {} : { netns }),
  cniArgs: [],
  capabilityArgs: {},
  config: {},
  configText: "",
  result: {},
  file: "",
  modifiedMs: 0,
});
const all = [attachment("stands", "/netns/1"), attachment("gone", "/netns/2"), attachment("unknown")];
const verdicts = (listed?: Parameters<typeof judge>[1]) =>
  judge(all, listed, (path) => path === "/netns/1").map(({ attachment: { containerId }, valid, why }) => [
    containerId,
    valid,
    why,
  ]);

test("without a list what is kept is all but that whose namespace is proved gone", () => {
  expect(verdicts()).toEqual([
    ["stands", true, "netns stands"],
    ["gone", false, "netns gone"],
    ["unknown", true, "netns unknown"],
  ]);
});

test("a list decides alone", () => {
  expect(
    verdicts([
      { containerId: "gone", ifname: "eth0" },
      { containerId: "stands", ifname: "eth1" },
    ]),
  ).toEqual([
    ["stands", false, "not listed"],
    ["gone", true, "listed"],
    ["unknown", false, "not listed"],
  ]);
  expect(verdicts([]).every(([, valid]) => valid === false)).toBe(true);
});

test("ID:IFNAME", () => {
  expect(parseValid("c1:eth0")).toEqual({ containerId: "c1", ifname: "eth0" });
  for (const text of ["c1", ":eth0", "c1:", "c 1:eth0", "c1:a/b"]) {
    expect(() => parseValid(text)).toThrow(UsageError);
  }
});
