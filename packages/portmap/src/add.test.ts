import type { AttachmentCall, DelCall, Result } from "@cni-chain/core";
import type { CommandResult, Runner } from "@cni-chain/exec";
import { type FakeIptables, fakeIptables } from "iptables-wrapper/fake";
import { expect, test } from "vitest";
import { add, check } from "./add.ts";
import { type PortmapConfig, readConfig } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { iptablesBackend } from "./iptables/backend.ts";
import type { Kernel } from "./kernel.ts";
import type { Tools } from "./tools.ts";

const prevResult: Result = {
  interfaces: [{ name: "eth0", sandbox: "/run/netns/x" }],
  ips: [{ address: "10.0.0.2/24", interface: 0 }, { address: "fd00::2/64" }],
  routes: [],
};
const own = "CNI-DN-623e1c388032b20529218";

/** A node in memory: its rules, its one sysctl, and the lines that were warned. */
class Bench {
  readonly sysctls = new Map([["net/ipv4/conf/cni0/route_localnet", "0"]]);
  readonly warnings: string[] = [];
  readonly commands: string[] = [];
  readonly iptables: FakeIptables;
  readonly tools: Tools;
  sysctlFailure: Error | undefined;
  conntrack: CommandResult = { kind: "exited", exitCode: 0, stdout: "", stderr: "" };

  constructor(fail?: Parameters<typeof fakeIptables>[0]) {
    this.iptables = fakeIptables(fail);
    const runner: Runner = {
      run: async ({ file, argv }) => {
        this.commands.push([file, ...argv].join(" "));
        if (file === "conntrack") return this.conntrack;
        return { kind: "exited", exitCode: 0, stdout: '[{"dst":"10.0.0.2","dev":"cni0"}]', stderr: "" };
      },
    };
    const kernel: Kernel = {
      hasIpv6: () => true,
      readSysctl: (path) => this.sysctls.get(path),
      writeSysctl: (path, value) => {
        if (this.sysctlFailure !== undefined) throw this.sysctlFailure;
        this.sysctls.set(path, value);
      },
      localAddresses: () => () => true,
      networksOf: () => ({ widest: 24, has: (address) => address.startsWith("10.0.0.") }),
    };
    const host = { runner, kernel, path: "/bin" };
    this.tools = { ...host, backend: iptablesBackend(this.iptables, host) };
  }

  call(portMappings: readonly object[], fields: object = {}): AttachmentCall<PortmapConfig> {
    const config = readConfig({ ...fields, runtimeConfig: { portMappings } } as Parameters<
      typeof readConfig
    >[0]);
    if (!config.ok) throw new Error("bad test");
    return { ...this.delCall(), config: config.value, netns: "/run/netns/x", prevResult };
  }

  delCall(): DelCall {
    return {
      attachment: { network: "net", containerId: "c1", ifname: "eth0" },
      cniVersion: "1.0.0",
      netns: undefined,
      prevResult: undefined,
      netConf: {},
      warn: (message) => this.warnings.push(message),
    };
  }

  add(call: AttachmentCall<PortmapConfig>) {
    return add(call, prevResult, this.tools);
  }
}

const web = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const dns = { hostPort: 53, containerPort: 53, protocol: "udp" };

test("ADD without mappings starts no process and gives the prevResult", async () => {
  const bench = new Bench();
  expect(await bench.add(bench.call([]))).toBe(prevResult);
  expect([bench.commands, bench.iptables.applied]).toEqual([[], []]);
});

test("ADD is one transaction a family and opens 127.0.0.1 on the device that leads to the container", async () => {
  const bench = new Bench();
  expect(await bench.add(bench.call([web]))).toBe(prevResult);
  expect(bench.iptables.applied).toHaveLength(2);
  expect(bench.iptables.rules("v4", own)).toHaveLength(3);
  expect(bench.iptables.rules("v6", own)).toHaveLength(2);
  expect(bench.sysctls.get("net/ipv4/conf/cni0/route_localnet")).toBe("1");
  expect(bench.commands).toEqual(["ip -j route get 10.0.0.2"]);
});

test("ADD does not fail for a setting that cannot be read once its rules stand", async () => {
  const bench = new Bench();
  const { kernel } = bench.tools;
  const readSysctl = (path: string) => {
    if (path === "net/ipv4/ip_forward") throw new Error("EMFILE, too many open files");
    return kernel.readSysctl(path);
  };
  const tools = { ...bench.tools, kernel: { ...kernel, readSysctl } };
  expect(await add(bench.call([web]), prevResult, tools)).toBe(prevResult);
  expect(bench.iptables.rules("v4", own)).toHaveLength(3);
  expect(bench.warnings).toEqual(["the node's settings were not looked at: EMFILE, too many open files"]);
});

test("ADD again changes nothing; with another port it replaces", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  await bench.add(bench.call([web]));
  expect(bench.iptables.applied).toHaveLength(2);
  await bench.add(bench.call([{ ...web, hostPort: 9090 }]));
  expect(bench.iptables.rules("v4", own)?.join()).not.toContain("8080");
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toHaveLength(1);
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")?.[0]).toContain("9090");
});

test("the newest container stands first", async () => {
  const bench = new Bench();
  await bench.add(bench.call([web]));
  const other = bench.call([web]);
  await bench.add({ ...other, attachment: { ...other.attachment, containerId: "c2" } });
  expect(
    bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")?.map((rule) => /id: "(\w+)"/.exec(rule)?.[1]),
  ).toEqual(["c2", "c1"]);
});

test("a failure in IPv6 takes the IPv4 rules back", async () => {
  const refused: CommandResult = { kind: "exited", exitCode: 4, stdout: "", stderr: "refused" };
  let failing = true;
  const bench = new Bench((family) => (family === "v6" && failing ? refused : undefined));
  await expect(bench.add(bench.call([web]))).rejects.toMatchObject({
    details: expect.stringContaining("refused"),
  });
  expect(bench.iptables.rules("v4", own)).toBeUndefined();
  expect(bench.iptables.rules("v4", "CNI-HOSTPORT-DNAT")).toEqual([]);
  failing = false;
  await bench.add(bench.call([web]));
  expect(bench.iptables.rules("v6", own)).toHaveLength(2);
});

test("a sysctl that cannot be written takes the rules back", async () => {
  const bench = new Bench();
  bench.sysctlFailure = new Error("read-only");
  await expect(bench.add(bench.call([web]))).rejects.toThrow("read-only");
  expect(bench.iptables.rules("v4", own)).toBeUndefined();
  expect(bench.iptables.rules("v6", own)).toBeUndefined();
});

test("an externalSetMarkChain that is not there is named, and nothing is written", async () => {
  const bench = new Bench();
  const call = bench.call([web], { externalSetMarkChain: "KUBE-MARK-MASQ" });
  await expect(bench.add(call)).rejects.toMatchObject({
    code: 7,
    message: expect.stringContaining("KUBE-MARK-MASQ"),
  });
  expect(bench.iptables.applied).toEqual([]);
});

test("a mapping the container has no address for is warned of", async () => {
  const bench = new Bench();
  const call = bench.call([{ ...web, hostIP: "::" }]);
  await add(call, { ...prevResult, ips: [{ address: "10.0.0.2/24" }] }, bench.tools);
  expect(bench.warnings).toEqual([
    "hostPort 8080/tcp is not forwarded: prevResult lists no IPv6 address for the container",
  ]);
});

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

const localnet = "net/ipv4/conf/cni0/route_localnet";
const markers = (bench: Bench) =>
  bench.iptables.rules("v4", "CNI-HOSTPORT-LOCAL", "raw")?.filter((rule) => rule.includes("opened")).length;

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

test("DEL goes on past a family that fails, and tells of it", async () => {
  let failing = false;
  const busy: CommandResult = { kind: "exited", exitCode: 4, stdout: "", stderr: "holding the xtables lock" };
  const bench = new Bench((family) => (family === "v4" && failing ? busy : undefined));
  await bench.add(bench.call([web]));
  failing = true;
  await expect(del(bench.delCall(), bench.tools)).rejects.toMatchObject({ failure: "tryAgain" });
  expect(bench.iptables.rules("v6", own)).toBeUndefined();
});

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

test("conntrack that is missing is said, not fatal", async () => {
  const bench = new Bench();
  bench.conntrack = { kind: "notFound", path: "/bin" };
  await bench.add(bench.call([dns]));
  await del(bench.delCall(), bench.tools);
  expect(bench.warnings).toHaveLength(4);
  expect(bench.warnings[0]).toContain("conntrack: no such executable on PATH (/bin)");
});

test("CHECK finds nothing after ADD, and every loss by name", async () => {
  const bench = new Bench();
  const call = bench.call([web]);
  await bench.add(call);
  expect(await check(call, prevResult, bench.tools)).toEqual([]);
  bench.sysctls.set("net/ipv4/conf/cni0/route_localnet", "0");
  await bench.iptables.apply("v6", {
    nat: [
      {
        kind: "deleteRule",
        chain: "PREROUTING",
        rule: { tokens: ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "CNI-HOSTPORT-DNAT"] },
      },
    ],
  });
  await bench.iptables.apply("v4", { nat: [{ kind: "flushChain", chain: own }] });
  const found = await check(call, prevResult, bench.tools);
  expect(found).toHaveLength(5);
  expect(found.join("\n")).toContain(
    `iptables nat: rule is missing: -A ${own} -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80`,
  );
  expect(found).toContain("sysctl net/ipv4/conf/cni0/route_localnet: expected 1, found 0");
  expect(found).toContain(
    "ip6tables nat: rule is missing: -A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
  );
});
