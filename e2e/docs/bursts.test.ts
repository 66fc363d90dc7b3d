import { afterAll, beforeAll, expect, test } from "vitest";
import type { Node } from "../lib/node.ts";
import { pageText, tables } from "./markdown.ts";
import { rootShell, startPageNode } from "./page-node.ts";

const [table] = tables(pageText("packages/docs/operators.md")).filter(
  ({ header }) => header[0] === "annotation",
);
const rows = table?.rows ?? [];
const units: Readonly<Record<string, number>> = { M: 1e6, G: 1e9 };

let node: Node;
beforeAll(async () => {
  node = await startPageNode();
});
afterAll(() => node.close());

test("there are annotations of more than one size", () => {
  expect(rows.length).toBeGreaterThan(2);
});

// What a runtime sends for an annotation: the rate, and a burst that stands for none.
test.each(rows)("%s: %s bytes a second, burst %s, limit %s", async (annotation, rate, burst, limit) => {
  const [, amount = "", unit = ""] = /^(\d+)([MG])$/.exec(annotation ?? "") ?? [];
  const bits = Number(amount) * (units[unit] ?? 0);
  expect(bits / 8).toBe(Number(rate));
  const limits = JSON.stringify({ ingressRate: bits, ingressBurst: 4_294_967_295 });
  const place = ["--ip", "10.88.0.9/16", "--host-device", "veth9", "--capability", `bandwidth=${limits}`];
  const planned = await node.run(["cni-chain", "plan", "add", "mynet", ...place, "--json"], {
    env: rootShell(node),
  });
  expect(planned).toContain(`rate ${bits} bit/s burst ${burst} bytes limit ${limit} bytes`);
});
