import { join } from "node:path";
import { afterAll, describe, test } from "vitest";
import { ours, reference, whyNoReference } from "../lib/reference.ts";
import type { Fault, Sighting } from "./fault.ts";
import { faults } from "./faults.ts";
import { renderReadme, renderTable } from "./table.ts";

const reason = whyNoReference();
if (reason !== undefined) console.warn(`left out, that the reference shows its faults: ${reason}`);

const seen = new Map<string, string>();
afterAll(() => console.log(renderTable(faults, seen)));

async function seeReference(fault: Fault): Promise<Sighting | undefined> {
  if (reason !== undefined || fault.notIn111 !== undefined) return undefined;
  return fault.see(reference);
}

describe.concurrent("ours are right where the reference is not", () => {
  test.for(faults)("$plugin $id", async (fault, { expect }) => {
    const [mine, theirs] = await Promise.all([fault.see(ours), seeReference(fault)]);
    expect(mine.behaviour, `ours: ${mine.evidence}`).toBe("right");
    if (theirs === undefined) return;
    seen.set(fault.id, theirs.behaviour);
    if (fault.onSomeMachines === undefined) {
      expect(theirs.behaviour, `the reference: ${theirs.evidence}`).toBe("wrong");
    }
  });
});

test("README.md holds these rows", async ({ expect }) => {
  expect(new Set(faults.map(({ id }) => id)).size).toBe(faults.length);
  await expect(renderReadme(faults)).toMatchFileSnapshot(join(import.meta.dirname, "README.md"));
});
