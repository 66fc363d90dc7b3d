import { expect, test } from "vitest";
import { Bench, dns } from "../test/bench.ts";
import { del } from "./del.ts";

test("conntrack that is missing is said, not fatal", async () => {
  const bench = new Bench();
  bench.conntrack = { kind: "notFound", path: "/bin" };
  await bench.add(bench.call([dns]));
  await del(bench.delCall(), bench.tools);
  expect(bench.warnings).toHaveLength(4);
  expect(bench.warnings[0]).toContain("conntrack: no such executable on PATH (/bin)");
});
