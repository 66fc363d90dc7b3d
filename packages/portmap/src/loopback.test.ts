import { expect, test } from "vitest";
import { Bench, localnet, markers, own, web } from "../test/bench.ts";
import { del } from "./del.ts";
import { desiredGuard } from "./iptables/guard.ts";
import { guardChanges } from "./nftables/guard.ts";

test("what comes by a wire is kept from 127.0.0.0/8 before it is opened", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  expect(bench.iptables.rules("v4", "PREROUTING", "raw")).toEqual([
    "-d 127.0.0.0/8 -m comment --comment CNI portfwd loopback guard -j CNI-HOSTPORT-LOCAL",
    "-s 127.0.0.0/8 -m comment --comment CNI portfwd loopback guard -j CNI-HOSTPORT-LOCAL",
  ]);
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-LOCAL", "raw")?.at(-1)).toBe("! -i lo -j DROP");
});

test("the last DEL on a device closes what ADD opened, not an earlier one", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const second = bench.call([{ ...web, hostPort: 9090 }]);
  await bench.add({ ...second, attachment: { ...second.attachment, containerId: "c2" } });
  expect(markers(bench)).toBe(1);
  await del(bench.delCall(), bench.tools);
  expect([bench.sysctls.get(localnet), markers(bench)]).toEqual(["1", 1]);
  await del({ ...bench.delCall(), attachment: second.attachment }, bench.tools);
  await del({ ...bench.delCall(), attachment: { ...second.attachment, containerId: "c2" } }, bench.tools);
  expect([bench.sysctls.get(localnet), markers(bench)]).toEqual(["0", 0]);
});

test("a DEL behind one that was killed before it could close closes", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const { kernel, backend } = bench.tools;
  const killed = { ...bench.tools, kernel: { ...kernel, hasIpv6: () => false } };
  bench.sysctlFailure = new Error("killed");
  await expect(del(bench.delCall(), killed)).rejects.toThrow("killed");
  expect([bench.iptables.rules("v4", own), markers(bench)]).toEqual([undefined, 1]);
  bench.sysctlFailure = undefined;
  await backend.remove(bench.delCall().attachment, "v4");
  expect([bench.sysctls.get(localnet), markers(bench)]).toEqual(["0", 0]);
});

test("what could not be opened can be taken back, though nothing can be written", async () => {
  const bench = new Bench();
  bench.sysctlFailure = new Error("read-only file system");
  await expect(bench.add(bench.call([web]))).rejects.toThrow("read-only");
  expect([bench.iptables.rules("v4", own), markers(bench), bench.warnings]).toEqual([undefined, 0, []]);
});

test("another network's container on the same device keeps it open", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const other = bench.call([{ ...web, hostPort: 9090 }]);
  await bench.add({ ...other, attachment: { ...other.attachment, network: "other" } });
  await del(bench.delCall(), bench.tools);
  expect([bench.sysctls.get(localnet), markers(bench)]).toEqual(["1", 1]);
});

test("what was open before stays open", async () => {
  const bench = new Bench();
  bench.sysctls.set(localnet, "1");
  await bench.add(bench.call([web]));
  await del(bench.delCall(), bench.tools);
  expect([bench.sysctls.get(localnet), markers(bench)]).toEqual(["1", 0]);
});

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
