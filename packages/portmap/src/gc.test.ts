import { expect, test } from "vitest";
import { Bench, localnet, markers, web } from "../test/bench.ts";
import { gc } from "./gc.ts";

test("GC removes this network's stale containers and nobody else's", async () => {
  const bench = new Bench();
  const ports = [8080, 8081, 8082];
  for (const [at, containerId] of ["valid", "stale", "gone"].entries()) {
    const call = bench.call([{ ...web, hostPort: ports[at] }]);
    await bench.add({ ...call, attachment: { ...call.attachment, containerId } });
  }
  const other = bench.call([{ ...web, hostPort: 9090 }]);
  await bench.add({ ...other, attachment: { ...other.attachment, network: "other", containerId: "stale" } });
  const valid = [{ containerId: "valid", ifname: "eth0" }];
  const { warn } = bench.delCall();
  await gc({ network: "net", valid, cniVersion: "1.1.0", netConf: {}, warn }, bench.tools);
  for (const family of ["v4", "v6"] as const) {
    const left = bench.iptables.rules(family, "CNI-HOSTPORT-DNAT") ?? [];
    expect(left.map((rule) => /name: "(\w+)" id: "(\w+)"/.exec(rule)?.slice(1).join("/"))).toEqual([
      "other/stale",
      "net/valid",
    ]);
  }
  expect(bench.sysctls.get(localnet)).toBe("1");
  await gc({ network: "net", valid: [], cniVersion: "1.1.0", netConf: {}, warn }, bench.tools);
  await gc({ network: "other", valid: [], cniVersion: "1.1.0", netConf: {}, warn }, bench.tools);
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toEqual([]);
  expect([bench.sysctls.get(localnet), markers(bench)]).toEqual(["0", 0]);
});
