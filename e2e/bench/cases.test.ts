import { expect, test } from "vitest";
import { cases, choose, growth } from "./cases.ts";

const everything = /(?:)/;

test("no two rows have the same name", () => {
  const names = cases.flatMap(({ name, life }) =>
    life === "storm" ? [name] : life.operations.map((operation) => `${name} ${operation}`),
  );
  expect(new Set(names).size).toBe(names.length);
});

test("every target belongs to the headline, and the headline is in the quick run", () => {
  for (const { name, headline, targets } of cases) {
    expect(headline).toEqual(expect.arrayContaining(Object.keys(targets)));
    expect(choose(true, everything).some((quick) => quick.name === name)).toBe(headline.length > 0);
  }
});

test("DEL comes after an ADD in the quick run too", () => {
  for (const { life } of choose(true, everything)) {
    if (life !== "storm" && life.operations.includes("DEL")) expect(life.operations[0]).toBe("ADD");
  }
});

test("growth is told from cases that differ by their rules alone, two of them in the quick run", () => {
  const points = growth.points.map(({ of, foreignRules }) => {
    const found = cases.find(({ name }) => name === of);
    expect(found?.scene.foreignRules).toBe(foreignRules);
    return found;
  });
  const alike = points.map((point) => JSON.stringify([point?.life, { ...point?.scene, foreignRules: 0 }]));
  expect(new Set(alike).size).toBe(1);
  const quick = choose(true, everything).map(({ name }) => name);
  expect(growth.points.filter(({ of }) => quick.includes(of)).length).toBeGreaterThanOrEqual(2);
});

test("a pattern chooses by name and operation", () => {
  const names = (only: RegExp) => choose(false, only).map(({ name }) => name);
  expect(names(/^loopback ADD$/)).toEqual(["loopback"]);
  expect(names(/VERSION/)).toEqual(["portmap", "bandwidth", "loopback"]);
  expect(names(/no such thing/)).toEqual([]);
});
