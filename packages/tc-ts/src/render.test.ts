import { expect, test } from "vitest";
import type { TcChange } from "./change.ts";
import type { Tbf } from "./qdisc.ts";
import { renderChange, renderShow } from "./render.ts";
import { bytes, bytesPerSecond } from "./units.ts";

const tbf: Tbf = {
  kind: "tbf",
  handle: "1:",
  rate: bytesPerSecond(1_250_000),
  burst: bytes(62_500),
  limit: bytes(93_750),
};
const filter = { preference: 1, protocol: "all", handle: "800::800", type: "u32" };

test.each<[TcChange, string]>([
  [
    { do: "setRootTbf", device: "veth1", tbf },
    "qdisc replace dev veth1 root handle 1: tbf rate 1250000bps burst 62500 limit 93750",
  ],
  [
    { do: "setRootTbf", device: "veth1", tbf: { ...tbf, rate: bytesPerSecond(2n ** 61n) } },
    "qdisc replace dev veth1 root handle 1: tbf rate 2305843009213693952bps burst 62500 limit 93750",
  ],
  [{ do: "deleteRoot", device: "veth1", handle: "1:" }, "qdisc delete dev veth1 root handle 1:"],
  [{ do: "addHook", device: "veth1", kind: "ingress" }, "qdisc add dev veth1 ingress"],
  [{ do: "deleteHook", device: "veth1", kind: "clsact" }, "qdisc delete dev veth1 clsact"],
  [
    { do: "addRedirect", device: "veth1", preference: 2, target: "ifb1" },
    "filter add dev veth1 ingress protocol all prio 2 u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev ifb1",
  ],
  [
    { do: "deleteRedirect", device: "veth1", filter },
    "filter delete dev veth1 ingress protocol all prio 1 handle 800::800 u32",
  ],
  [
    { do: "deletePreference", device: "veth1", filter },
    "filter delete dev veth1 ingress protocol all prio 1 u32",
  ],
])("renders %j", (change, line) => {
  expect(renderChange(change)).toBe(line);
});

test.each([
  "",
  "a b",
  "a\nqdisc del dev eth0 root",
  "a/b",
  "a:b",
  "a#b",
  'a"b',
  "a\\",
  ".",
  "..",
  "sixteen-letters.",
  "äöüäöüäö",
])("refuses %j as a device", (device) => {
  expect(() => renderShow(device)).toThrow(TypeError);
  expect(() => renderChange({ do: "addRedirect", device: "veth1", preference: 1, target: device })).toThrow(
    TypeError,
  );
});

test("refuses numbers tc cannot take and words that are none", () => {
  const set = (other: Partial<Tbf>) =>
    renderChange({ do: "setRootTbf", device: "v", tbf: { ...tbf, ...other } });
  expect(() => set({ rate: bytesPerSecond(0) })).toThrow(RangeError);
  expect(() => set({ rate: bytesPerSecond(1.5) })).toThrow(RangeError);
  expect(() => set({ limit: bytes(2 ** 32) })).toThrow(RangeError);
  expect(() => set({ handle: "1: root:" })).toThrow(TypeError);
  expect(() => renderChange({ do: "addRedirect", device: "v", preference: 0, target: "i" })).toThrow(
    RangeError,
  );
  const odd = { ...filter, protocol: "all prio 2" };
  expect(() => renderChange({ do: "deleteRedirect", device: "v", filter: odd })).toThrow(TypeError);
});
