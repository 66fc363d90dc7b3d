import type { CommandResult } from "@cni-chain/exec";
import type { Iptables } from "iptables-wrapper";
import { expect, test } from "vitest";
import { Bench, dns, own, web } from "../test/bench.ts";
import { del } from "./del.ts";
import { iptablesBackend } from "./iptables/backend.ts";

test("DEL needs neither mappings nor prevResult, leaves the shared chains, and can be repeated", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web, dns]));
  await del(bench.delCall(), bench.tools);
  for (const family of ["v4", "v6"] as const) {
    expect(bench.iptables.rules(family, own)).toBeUndefined();
    expect(bench.iptables.rules(family, "CNI-HOSTPORT-DNAT")).toEqual([]);
  }
  const applied = bench.iptables.applied.length;
  await del(bench.delCall(), bench.tools);
  expect(bench.iptables.applied).toHaveLength(applied);
});

test("DEL under a new name of the network removes what leads to the interface, and nothing else of the container", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const renamed = { network: "renamed", containerId: "c1", ifname: "eth0" };
  const { backend } = bench.tools;
  expect(await backend.remove(renamed, "v4", { addresses: async () => ["10.0.0.9"] })).toEqual([]);
  expect(bench.iptables.rules("v4", own)).toHaveLength(3);
  expect(
    await backend.remove(renamed, "v4", { addresses: async () => ["10.0.0.2", "fd00::2"] }),
  ).toHaveLength(1);
  expect(bench.iptables.rules("v4", own)).toBeUndefined();
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toEqual([]);
});

test("DEL asks for no addresses where its own name has rules", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const other = bench.call([{ ...web, hostPort: 9090 }]);
  await bench.add({ ...other, attachment: { ...other.attachment, network: "other" } });
  const { attachment } = bench.delCall();
  await bench.tools.backend.remove(attachment, "v4", { addresses: () => Promise.reject(new Error("asked")) });
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toHaveLength(1);
});

test.each([
  ["as it was for ADD", [web, dns], {}],
  ["of other ports", [{ ...web, hostPort: 9090 }], {}],
  ["with other conditions", [web, dns], { conditionsV4: ["-s", "192.0.2.1"] }],
  ["with fields of a wrong type", "web", {}],
  ["without ports", [], {}],
])("DEL with a configuration %s leaves nothing", async (_, portMappings, fields) => {
  const bench = new Bench();
  await bench.add(bench.call([web, dns]));
  const other = bench.call([{ ...web, hostPort: 9090 }]);
  await bench.add({ ...other, attachment: { ...other.attachment, containerId: "c2" } });
  await del({ ...bench.delCall(), netConf: { ...fields, runtimeConfig: { portMappings } } }, bench.tools);
  for (const family of ["v4", "v6"] as const) {
    expect(bench.iptables.rules(family, own)).toBeUndefined();
    expect(bench.iptables.rules(family, "CNI-HOSTPORT-DNAT")).toHaveLength(1);
  }
});

test("DEL removes what plugins of 2017 left", async () => {
  const bench = new Bench();
  const legacy = "CNI-SN-623e1c388032b20529218";
  await bench.iptables.apply("v4", {
    nat: [
      { kind: "newChain", chain: "CNI-HOSTPORT-SNAT" },
      { kind: "newChain", chain: legacy },
      { kind: "append", chain: legacy, rule: { target: { kind: "masquerade" } } },
      { kind: "append", chain: "CNI-HOSTPORT-SNAT", rule: { target: { kind: "jump", to: legacy } } },
      {
        kind: "append",
        chain: "POSTROUTING",
        rule: { source: "127.0.0.1", target: { kind: "jump", to: "CNI-HOSTPORT-SNAT" } },
      },
    ],
  });
  await del(bench.delCall(), bench.tools);
  expect(bench.iptables.rules("v4", legacy)).toBeUndefined();
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-SNAT")).toEqual([]);
});

test("DEL removes the chain, too, that an ADD makes between two looks", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const { attachment } = bench.delCall();
  const absent = new Map([[own, { kind: "absent" } as const]]);
  let looks = 0;
  const observe: Iptables["observe"] = async (...asked) => {
    const { nat = new Map(), ...seen } = await bench.iptables.observe(...asked);
    looks += 1;
    return { ...seen, nat: looks === 1 ? new Map([...nat, ...absent]) : nat };
  };
  const backend = iptablesBackend({ ...bench.iptables, observe }, bench.tools);
  expect(await backend.remove(attachment, "v4")).toHaveLength(1);
  expect(bench.iptables.rules("v4", own)).toBeUndefined();
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toEqual([]);
});

test("DEL goes on past a family that fails, and tells of it", async () => {
  let failing = false;
  const busy: CommandResult = { kind: "exited", exitCode: 4, stdout: "", stderr: "holding the xtables lock" };
  const bench = new Bench((family) => (family === "v4" && failing ? busy : undefined));
  await bench.add(bench.call([web]));
  failing = true;
  await expect(del(bench.delCall(), bench.tools)).rejects.toMatchObject({ failure: "tryAgain" });
  expect(bench.iptables.rules("v6", own)).toBeUndefined();
});
