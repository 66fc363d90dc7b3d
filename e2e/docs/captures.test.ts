import { beforeAll, describe, expect, test } from "vitest";
import { type Capture, capturesOn, takeCaptures, withCaptures } from "./captures.ts";
import { pageText } from "./markdown.ts";

const held = capturesOn(pageText("README.md"));
let taken: readonly Capture[];
beforeAll(async () => {
  taken = await takeCaptures();
});

/** Lines and their words; figures, and the room that is left for them, are those of the moment. */
function shape(text = ""): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.replaceAll(/\d[\d.]*[kMG]?/g, "0").replaceAll(/\s+/g, " "))
    .map((line) => line.trim());
}

describe("the terminal pictures of the README", () => {
  test("are those that are taken", () => {
    expect(held.map(({ name }) => name).sort()).toEqual(taken.map(({ name }) => name).sort());
    for (const { name, text } of [...held, ...taken]) {
      expect(text).toMatch(new RegExp(`^# cni-chain ${name}\\b.*\\n\\S`));
    }
  });

  // What top and doctor show depends on the moment and on the machine.
  test.each(["list", "explain", "plan"])("%s is as it is shown now: else run scripts/captures", (name) => {
    const [old, now] = [held, taken].map((captures) => captures.find((one) => one.name === name)?.text);
    expect(shape(old)).toEqual(shape(now));
  });

  test("top shows traffic and its limit, doctor a flush and its remedy", () => {
    const textOf = (name: string) => taken.find((one) => one.name === name)?.text ?? "";
    expect(textOf("top")).toMatch(/default\/web +[\d.]+[kM]?bit +10Mbit/);
    expect(textOf("doctor")).toContain("cni-chain repair");
  });
});

test("a capture without a place, and a place without a capture, are refused", () => {
  const page = "<!-- capture list -->\n<!-- end capture -->";
  expect(withCaptures(page, [{ name: "list", text: "x" }])).toBe(
    "<!-- capture list -->\n\n```console\nx\n```\n\n<!-- end capture -->",
  );
  expect(() => withCaptures(page, [])).toThrow("nothing was captured for list");
  expect(() => withCaptures("", [{ name: "list", text: "x" }])).toThrow("no place for list");
});
