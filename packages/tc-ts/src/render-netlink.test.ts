import { encodeMessage } from "@cni-chain/netlink";
import { expect, test } from "vitest";
import type { TcChange } from "./change.ts";
import type { Tbf } from "./qdisc.ts";
import { changeRequest, filtersRequest, qdiscRequest } from "./render-netlink.ts";
import { bytes, bytesPerSecond } from "./units.ts";

const tbf = (rate: number, burst: number, limit: number): Tbf => {
  return { kind: "tbf", handle: "1:", rate: bytesPerSecond(rate), burst: bytes(burst), limit: bytes(limit) };
};
const indices: Readonly<Record<string, number>> = { veth1: 3, ifb7: 4 };
const request = (change: TcChange) => changeRequest(change, (device) => indices[device] ?? 0);
/** The whole message in hexadecimal, sequence number 0. */
const hex = (change: TcChange) => Buffer.from(encodeMessage(request(change), 0)).toString("hex");
/** From behind the message's header, whose flags and length are not wholly the change's. */
const body = (change: TcChange) => hex(change).slice(32);
const device = "veth1";

test("the bytes of tc for a hook, by strace", () => {
  expect(hex({ do: "addHook", device, kind: "ingress" })).toBe(
    "3000000024000006" +
      "00".repeat(8) +
      "00000000" +
      "03000000" +
      "0000ffff" +
      "f1ffffff" +
      "00000000" +
      "0c000100696e677265737300",
  );
  expect(hex({ do: "deleteHook", device, kind: "clsact" })).toBe(
    "3000000025000000" +
      "00".repeat(8) +
      "00000000" +
      "03000000" +
      "0000ffff" +
      "f1ffffff" +
      "00000000" +
      "0b000100636c736163740000",
  );
});

test("the bytes of tc for a tbf, by strace, but for its table of times", () => {
  expect(body({ do: "setRootTbf", device, tbf: tbf(1_000_000, 100_000, 125_000) })).toBe(
    "00000000" +
      "03000000" +
      "00000100" +
      "ffffffff" +
      "00000000" +
      "0800010074626600" +
      "34000200" +
      "2800010003010000ffff000040420f00" +
      "00".repeat(12) +
      "48e8010084d71700" +
      "00000000" +
      "08000600a0860100",
  );
  expect(body({ do: "setRootTbf", device: "ifb7", tbf: tbf(12_500_000_000, 62_500_000, 375_000_000) })).toBe(
    "00000000" +
      "04000000" +
      "00000100" +
      "ffffffff" +
      "00000000" +
      "0800010074626600" +
      "40000200" +
      "2800010003010000ffff0000ffffffff" +
      "00".repeat(12) +
      "c00b5a161f780300" +
      "00000000" +
      "08000600a0acb903" +
      "0c00040000dd0ee902000000",
  );
  expect(body({ do: "deleteRoot", device, handle: "1:" })).toBe(
    "00000000" + "03000000" + "00000100" + "ffffffff" + "00000000",
  );
});

test("the bytes of tc for a redirect, by strace", () => {
  const header = (handle: string) => `0000000003000000${handle}f2ffffff00030100`;
  expect(hex({ do: "addRedirect", device, preference: 1, target: "ifb7" })).toBe(
    `940000002c000006${"00".repeat(8)}${header("00000000")}` +
      "08000100753332006800020008000100010001003800070034000100" +
      "0b0001006d69727265640000" +
      "24000280" +
      "2000020000000000000000000400000000000000000000000100000004000000" +
      "24000500010001000000000000000000" +
      "00".repeat(20),
  );
  const filter = { preference: 1, protocol: "all", handle: "800::800", type: "u32" };
  expect(body({ do: "deleteRedirect", device, filter })).toBe(`${header("00080080")}0800010075333200`);
  expect(body({ do: "deletePreference", device, filter })).toBe(`${header("00000000")}0800010075333200`);
});

test("asks for what stands in one place", () => {
  const of = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  expect(of(qdiscRequest(device, 3, "root").body)).toBe("000000000300000000000000ffffffff00000000");
  expect(of(qdiscRequest(device, 3, "hook").body)).toBe("000000000300000000000000f1ffffff00000000");
  expect(of(filtersRequest(device, 3).body)).toBe("000000000300000000000000f2ffffff00000000");
});

test("refuses numbers the kernel cannot take, and words that are none", () => {
  const set = (other: Partial<Tbf>) => () =>
    request({ do: "setRootTbf", device, tbf: { ...tbf(1, 1, 1), ...other } });
  expect(set({ rate: bytesPerSecond(0) })).toThrow(RangeError);
  expect(set({ burst: bytes(2 ** 32) })).toThrow(RangeError);
  expect(set({ limit: bytes(1.5) })).toThrow(RangeError);
  expect(set({ handle: "10000:" })).toThrow(TypeError);
  expect(set({ handle: "x:" })).toThrow(TypeError);
  expect(set({ handle: "-1:" })).toThrow(TypeError);
  expect(set({ handle: "1 root:" })).toThrow(TypeError);
  expect(() => request({ do: "addRedirect", device, preference: 65536, target: "ifb7" })).toThrow(RangeError);
  const filter = { preference: 1, protocol: "all", handle: "800::800" };
  expect(() => request({ do: "deleteRedirect", device, filter: { ...filter, protocol: "x" } })).toThrow(
    TypeError,
  );
  expect(() => request({ do: "deleteRedirect", device, filter: { ...filter, handle: "8000::1" } })).toThrow(
    TypeError,
  );
});

test("each request has the line of tc", () => {
  expect(request({ do: "addHook", device, kind: "clsact" }).what()).toBe("qdisc add dev veth1 clsact");
  expect(request({ do: "addHook", device: 'a"b', kind: "clsact" }).what()).toContain('a\\"b');
});
