import { expect, test } from "vitest";
import { styleFor } from "../output/style.ts";
import type { Facts } from "./facts.ts";
import type { Diagnosis } from "./finding.ts";
import { reportLines } from "./report.ts";

const facts = { tools: [] } as unknown as Facts;
const lost = (where: string, rules: number): Diagnosis[] =>
  Array.from({ length: rules }, (_, at) => ({
    check: "attachments",
    severity: "broken",
    what: `rule ${at} of ${where} is missing`,
    where,
    remedy: "cni-chain repair",
  }));
const lines = (diagnoses: Diagnosis[]) => reportLines(diagnoses, facts, styleFor({ colour: false }));

test("what is lost of one attachment is told once, shortened", () => {
  expect(lines(lost("web", 5)).slice(0, -2)).toEqual([
    "✗ attachments  rule 0 of web is missing",
    "               rule 1 of web is missing",
    "               rule 2 of web is missing",
    "               and 2 more of the same (--json has all)",
    "               web",
    "               → cni-chain repair",
  ]);
});

test("a flushed node does not fill the screen", () => {
  const all = Array.from({ length: 250 }, (_, at) => lost(`pod-${at}`, 20)).flat();
  const told = lines(all);
  expect(told.length).toBeLessThan(70);
  expect(told).toContain("               and 240 more like these of attachments (--json has all)");
});

test("three findings of one thing are all told", () => {
  expect(lines(lost("web", 3)).join("\n")).not.toContain("more");
});
