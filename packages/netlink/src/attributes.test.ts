import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Attribute,
  encodeAttributes,
  parseAttributes,
  readText,
  readU32,
  readU64,
  text,
  u32,
  u64,
} from "./attributes.ts";

test("lengths count the header and not the padding", () => {
  expect([...encodeAttributes([[3, text("ifb7")]])]).toEqual([9, 0, 3, 0, 105, 102, 98, 55, 0, 0, 0, 0]);
  expect([...encodeAttributes([[18, [[1, new Uint8Array([105])]]]])]).toEqual([
    12, 0, 18, 0, 5, 0, 1, 0, 105, 0, 0, 0,
  ]);
  expect(encodeAttributes([])).toHaveLength(0);
});

test("what is encoded is parsed", () => {
  const type = fc.integer({ min: 0, max: 0x3fff });
  const list = fc.uniqueArray(fc.tuple(type, fc.uint8Array({ maxLength: 300 })), {
    selector: ([type]) => type,
  });
  fc.assert(
    fc.property(list, (attributes: readonly Attribute[]) => {
      expect([...parseAttributes(encodeAttributes(attributes))]).toEqual(attributes);
    }),
  );
});

test("numbers and texts come back; the flags of a type do not count", () => {
  const attributes = parseAttributes(
    encodeAttributes([
      [0x8001, u32(0xffff_fffe)],
      [0x4002, u64(2n ** 63n)],
      [3, text("ä")],
    ]),
  );
  expect(readU32(attributes.get(1))).toBe(0xffff_fffe);
  expect(readU64(attributes.get(2))).toBe(2n ** 63n);
  expect(readText(attributes.get(3))).toBe("ä");
  expect(readU32(attributes.get(9))).toBeUndefined();
  expect(readU32(new Uint8Array(3))).toBeUndefined();
});

test.each([[[3, 0, 1, 0]], [[9, 0, 1, 0, 1, 2, 3, 4]], [[0, 0, 0, 0, 0, 0, 0, 0]]])(
  "%j is refused",
  (bytes) => {
    expect(() => parseAttributes(new Uint8Array(bytes))).toThrow(RangeError);
  },
);

test("an attribute has at most 65535 bytes", () => {
  expect(() => encodeAttributes([[1, new Uint8Array(65532)]])).toThrow(RangeError);
  expect(encodeAttributes([[1, new Uint8Array(65531)]])).toHaveLength(65536);
});
