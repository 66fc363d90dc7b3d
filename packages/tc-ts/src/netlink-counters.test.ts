import { type Attribute, encodeAttributes, joined, text, u32, u64 } from "@cni-chain/netlink";
import { expect, test } from "vitest";
import { countedQdiscs } from "./netlink-counters.ts";

const kind: Attribute = [1, text("pfifo")];
const numbers = (...values: number[]) => joined(values.map(u32));

/** One device's qdisc, as a dump has it. */
function read(...attributes: Attribute[]) {
  const header = new Uint8Array(20);
  new DataView(header.buffer).setInt32(4, 7, true);
  const body = joined([header, encodeAttributes([kind, ...attributes])]);
  return countedQdiscs(() => [{ type: 36, flags: 2, sequence: 1, body }])[0];
}

test("bytes, packets and what a queue has counted", () => {
  const basic = joined([u64(5_000_000_000n), numbers(12, 0)]);
  const queue = numbers(1, 1442, 498, 3, 499);
  const found = read([
    7,
    encodeAttributes([
      [1, basic],
      [3, queue],
    ]),
  ]);
  expect(found?.ifindex).toBe(7);
  expect(found?.qdisc).toMatchObject({ kind: "other", type: "pfifo" });
  expect(found?.counters).toEqual({
    bytes: 5_000_000_000,
    packets: 12,
    drops: 498,
    overlimits: 499,
    backlog: 1442,
  });
});

test("packets of 64 bits go before those of 32", () => {
  const basic = joined([u64(1n), numbers(12, 0)]);
  const found = read([
    7,
    encodeAttributes([
      [1, basic],
      [8, u64(5_000_000_000n)],
    ]),
  ]);
  expect(found?.counters.packets).toBe(5_000_000_000);
});

test("a qdisc that counts nothing", () => {
  expect(read()?.counters).toEqual({ bytes: 0, packets: 0, drops: 0, overlimits: 0, backlog: 0 });
});
