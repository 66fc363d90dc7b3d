import { expect, test } from "vitest";
import { desiredGuard } from "./iptables/guard.ts";
import { guardChanges } from "./nftables/guard.ts";

test.each([
  ["iptables-restore", () => desiredGuard("cni\n0"), '"cni\\n0"'],
  ["nft", () => guardChanges(undefined, "cni\n0"), '"cni\\n0"'],
  ["nft", () => guardChanges(undefined, 'cni"0'), '"cni\\"0"'],
])("a device that %s cannot name is refused by name", (tool, guard, name) => {
  expect(guard).toThrow(
    expect.objectContaining({ code: 100, message: expect.stringContaining(`device ${name} `) }),
  );
  expect(guard).toThrow(tool);
});

test.each(["cni0", 'cni"0', "cni0+", "名前"])("iptables guards the device %s", (device) => {
  expect(desiredGuard(device).entries?.at(-1)?.rules).toMatchObject([{ inInterface: { name: device } }]);
});
