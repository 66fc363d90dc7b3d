import { isDeviceName } from "@cni-chain/netlink";
import { expect, test } from "vitest";
import { inNetns } from "./netns.ts";
import { type LinkChange, renderLinkChange } from "./render.ts";

test.each<[LinkChange, string]>([
  [{ do: "addIfb", name: "bwp1", mtu: 1400, txqlen: 0 }, "link add name bwp1 mtu 1400 txqueuelen 0 type ifb"],
  [{ do: "set", name: "lo", up: true }, "link set dev lo up"],
  [{ do: "set", name: "lo", up: false }, "link set dev lo down"],
  [
    { do: "set", name: "x", mtu: 68, txqlen: 0, alias: "of a pod", up: true },
    'link set dev x mtu 68 txqueuelen 0 alias "of a pod" up',
  ],
  [{ do: "delete", name: "bwp1" }, "link delete dev bwp1"],
])("renders %j", (change, line) => {
  expect(renderLinkChange(change)).toBe(line);
});

test.each(["", "a b", "a/b", "a:b", "a#b", "a'b", 'a"b', "a\\", "a\nb", ".", "..", "sixteen-letters."])(
  "refuses the name %j in a batch",
  (name) => expect(() => renderLinkChange({ do: "delete", name })).toThrow(TypeError),
);

test.each(["", 'a"b', "a\nlink delete dev eth0", "a#b", "a\\"])("refuses the alias %j", (alias) => {
  expect(() => renderLinkChange({ do: "set", name: "x", alias })).toThrow(TypeError);
});

test.each([
  ["eth0", true],
  ['a"b', true],
  ["-x", true],
  ["fifteen-letters", true],
  ["äöüäöüäö", false],
  ["a b", false],
])("%j is a device name: %s", (name, expected) => {
  expect(isDeviceName(name)).toBe(expected);
});

test("enters a namespace whatever its path", () => {
  const command = { file: "ip", argv: ["link"], stdin: "x" };
  expect(inNetns("-odd path", command)).toEqual({
    file: "nsenter",
    argv: ["--net=-odd path", "--", "ip", "link"],
    stdin: "x",
  });
  expect(() => inNetns("", command)).toThrow(TypeError);
});
