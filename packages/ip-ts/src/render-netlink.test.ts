import { encodeMessage } from "@cni-chain/netlink";
import { expect, test } from "vitest";
import type { LinkChange } from "./render.ts";
import { addressesRequest, linkChangeRequest } from "./render-netlink.ts";

/** The whole message in hexadecimal, sequence number 0. */
const hex = (change: LinkChange) => Buffer.from(encodeMessage(linkChangeRequest(change), 0)).toString("hex");

test("adds an ifb in the bytes of `ip link add`, by strace", () => {
  expect(hex({ do: "addIfb", name: "ifb7", mtu: 1400, txqlen: 0 })).toBe(
    // ip adds REQUEST and ACK, which an exchange does here.
    "4800000010000006" +
      "0000000000000000" +
      "00".repeat(16) +
      "0800040078050000" +
      "08000d0000000000" +
      "090003006966623700000000" +
      "0c00120007000100" +
      "69666200",
  );
});

test("sets what `ip link set` sets, on the link of that name", () => {
  const attributes = "0800040014050000" + "08000d0005000000" + "0e001400666f7220612074657374" + "0000";
  const name = "090003006966623700000000";
  const set = { do: "set", name: "ifb7", mtu: 1300, txqlen: 5, alias: "for a test" } as const;
  expect(hex({ ...set, up: true })).toBe(
    `4c00000010000000${"00".repeat(8)}${"00".repeat(8)}0100000001000000${attributes}${name}`,
  );
  expect(hex({ do: "set", name: "ifb7", up: false })).toContain(`${"00".repeat(8)}0000000001000000${name}`);
  expect(hex({ do: "set", name: "ifb7", txqlen: 0 })).toContain(`${"00".repeat(16)}08000d0000000000${name}`);
});

test("deletes by name", () => {
  expect(hex({ do: "delete", name: "ifb7" })).toBe(
    `2c00000011000000${"00".repeat(8)}${"00".repeat(16)}090003006966623700000000`,
  );
});

test("asks for one link's addresses", () => {
  expect(Buffer.from(addressesRequest("lo", 1).body).toString("hex")).toBe("0000000001000000");
});

test("each request has the line of ip, also of a name that a batch cannot hold", () => {
  expect(linkChangeRequest({ do: "delete", name: "a" }).what()).toBe("link delete dev a");
  expect(linkChangeRequest({ do: "delete", name: 'a"' }).what()).toContain('a\\"');
  expect(() => linkChangeRequest({ do: "delete", name: "a b" })).toThrow(TypeError);
});
