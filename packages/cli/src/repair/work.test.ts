import { expect, test } from "vitest";
import { type Item, ripe, type Sureness } from "./work.ts";

const patience = { lost: 250, gone: 5000, orphan: 1500 };
const item = (key: string, sureness: Sureness) => ({ key, sureness, kind: "orphanIfb" }) as Item;

test("what was lost is repaired once it was seen for long enough, and no sooner", () => {
  const first = ripe([item("a", "lost")], new Map(), 1000, patience);
  expect(first.ripe).toEqual([]);
  expect(ripe([item("a", "lost")], first.seen, 1249, patience).ripe).toEqual([]);
  expect(ripe([item("a", "lost")], first.seen, 1250, patience).ripe).toHaveLength(1);
});

test("what is as a DEL leaves it has more time, and is forgotten when the cache forgets it", () => {
  const first = ripe([item("a", "gone")], new Map(), 0, patience);
  const second = ripe([item("a", "gone")], first.seen, 3000, patience);
  expect(second.ripe).toEqual([]);
  const forgotten = ripe([], second.seen, 4000, patience);
  expect(forgotten.seen.size).toBe(0);
  expect(ripe([item("a", "gone")], forgotten.seen, 6000, patience).ripe).toEqual([]);
});

test("a loss that becomes another kind of loss is a new one", () => {
  const first = ripe([item("a", "lost")], new Map(), 0, patience);
  expect(ripe([item("a", "gone")], first.seen, 4999, patience).ripe).toEqual([]);
});
