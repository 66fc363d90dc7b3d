import { expect, test } from "vitest";
import { Bench, web } from "../test/bench.ts";

test("onConflict replace takes a port over and names the loser, refuse names the holder", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const other = (fields: object) => {
    const call = bench.call([web], fields);
    return { ...call, attachment: { ...call.attachment, containerId: "c2" } };
  };
  const held = "hostPort 8080/tcp is held by container c1 on network net";
  await expect(bench.add(other({ onConflict: "refuse" }))).rejects.toMatchObject({
    code: 102,
    message: expect.stringContaining(held),
  });
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toHaveLength(1);
  await bench.add(other({}));
  expect(bench.warnings).toContain(`${held}; it is taken over`);
  await bench.add(bench.call([web]));
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")?.[0]).toContain('id: "c1"');
});

test("the same port at another address is no conflict", async () => {
  const bench = new Bench();
  await bench.add(bench.call([{ ...web, hostIP: "192.0.2.1" }]));
  const other = bench.call([{ ...web, hostIP: "192.0.2.2" }], { onConflict: "refuse" });
  await bench.add({ ...other, attachment: { ...other.attachment, containerId: "c2" } });
  expect(bench.warnings).toEqual([]);
});
