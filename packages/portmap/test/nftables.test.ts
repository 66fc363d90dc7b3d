import type { Attachment } from "@cni-chain/core";
import { Node } from "@cni-chain/e2e/lib/node.ts";
import type { Runner } from "@cni-chain/exec";
import { nftables } from "@cni-chain/nft-ts";
import type { Family } from "iptables-wrapper";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Request } from "../src/backend.ts";
import { readConfig } from "../src/config.ts";
import type { Kernel } from "../src/kernel.ts";
import { nftablesBackend } from "../src/nftables/backend.ts";
import { tagOf } from "../src/nftables/names.ts";

// The backend against the kernel's nftables; `ip route` and sysctls are played by the test.
const localnet = "net/ipv4/conf/cni0/route_localnet";
const web = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const dns = { hostPort: 53, containerPort: 5353, protocol: "udp" };
const ours: Attachment = { network: "net", containerId: "c1", ifname: "eth0" };
const other: Attachment = { ...ours, containerId: "c2" };

/** What the reference plugin writes for container c1, mapping 8080, with the conditions it puts on shared chains. */
const referenceRules = `
add table ip cni_hostport { comment "CNI portmap plugin" ; }
add chain ip cni_hostport hostports
add chain ip cni_hostport hostip_hostports
add chain ip cni_hostport hostports_all
add rule ip cni_hostport hostports_all jump hostip_hostports
add rule ip cni_hostport hostports_all jump hostports
add chain ip cni_hostport prerouting { type nat hook prerouting priority -100 ; }
add rule ip cni_hostport prerouting ip saddr 192.0.2.0/24 fib daddr type local jump hostports_all
add chain ip cni_hostport output { type nat hook output priority -100 ; }
add rule ip cni_hostport output ip saddr 192.0.2.0/24 fib daddr type local jump hostports_all
add chain ip cni_hostport masquerading { type nat hook postrouting priority 100 ; }
add rule ip cni_hostport hostports tcp dport 8080 dnat to 10.0.0.1:80 comment "c1"
add rule ip cni_hostport masquerading ip saddr 10.0.0.1 ip daddr 10.0.0.1 masquerade comment "c1"
add rule ip cni_hostport masquerading ip saddr 127.0.0.1 ip daddr 10.0.0.1 masquerade comment "c1"
`;

let node: Node;
let processes: string[];
let warnings: string[];
const sysctls = new Map<string, string>();

const runner: Runner = {
  async run({ file, argv, stdin }) {
    if (file === "ip") return { kind: "exited", exitCode: 0, stdout: '[{"dev":"cni0"}]', stderr: "" };
    processes.push([file, ...argv].join(" "));
    return { kind: "exited", ...(await node.try([file, ...argv], stdin === undefined ? {} : { stdin })) };
  },
};
const kernel: Kernel = {
  hasIpv6: () => true,
  readSysctl: (path) => sysctls.get(path),
  writeSysctl: (path, value) => void sysctls.set(path, value),
  localAddresses: () => () => true,
  networksOf: () => ({ widest: 24, has: (address) => address.startsWith("10.0.0.") }),
};
const backend = nftablesBackend(nftables(runner), { runner, kernel, path: "" });

beforeAll(async () => {
  node = await Node.start();
});
afterAll(() => node.close());
beforeEach(async () => {
  processes = [];
  warnings = [];
  sysctls.clear();
  sysctls.set(localnet, "0");
  await node.run(["nft", "flush", "ruleset"]);
});

/** What ADD asks for: the container's last byte is the number in its ID. */
function request(attachment: Attachment, family: Family, mappings: readonly object[], fields = {}): Request {
  const config = readConfig({
    backend: "nftables",
    ...fields,
    runtimeConfig: { portMappings: mappings },
  } as Parameters<typeof readConfig>[0]);
  if (!config.ok) throw new Error(JSON.stringify(config.problems));
  const host = attachment.containerId.slice(1);
  const address = family === "v4" ? `10.0.0.${host}` : `fd00::${host}`;
  return {
    attachment,
    config: config.value,
    destination: { family, address, cidr: `${address}/24` },
    loopbackDevice: Promise.resolve(family === "v4" && config.value.snat ? "cni0" : undefined),
    warn: (message) => warnings.push(message),
  };
}

/** The rules of a chain as nft prints them. */
async function rules(chain: string, family = "ip"): Promise<string[]> {
  const { exitCode, stdout } = await node.try(["nft", "list", "chain", family, "cni_hostport", chain]);
  return exitCode === 0
    ? stdout
        .split("\n")
        .filter((line) => /\b(dnat to|masquerade|jump|drop)\b/.test(line))
        .map((line) => line.trim())
    : [];
}
const nft = (text: string) => node.run(["nft", "-f", "-"], { stdin: text });
const tag = `meta length != ${tagOf("net")}`;

describe.each(["v4", "v6"] as const)("%s", (family) => {
  const ip = family === "v4" ? "ip" : "ip6";
  const [one, any] = family === "v4" ? ["10.0.0.1", "0.0.0.0/0"] : ["fd00::1", "::/0"];
  const to = family === "v4" ? "10.0.0.1" : "[fd00::1]";

  test("ADD writes the reference's rules with our tag, in two processes, and CHECK is content", async () => {
    const call = request(ours, family, [
      web,
      { ...dns, hostIP: family === "v4" ? "192.0.2.7" : "2001:db8::7" },
    ]);
    await backend.add(call);
    expect(processes.at(-1)).toBe("nft -f -");
    expect(await rules("prerouting", ip)).toEqual(["fib daddr type local jump hostports_all"]);
    expect(await rules("output", ip)).toEqual(["fib daddr type local jump hostports_all"]);
    expect(await rules("hostports_all", ip)).toEqual(["jump hostip_hostports", "jump hostports"]);
    expect(await rules("hostports", ip)).toEqual([
      `${tag} tcp dport 8080 dnat to ${to}:80 comment "c1"`,
      `${tag} ${ip} daddr ${family === "v4" ? "192.0.2.7" : "2001:db8::7"} udp dport 53 dnat to ${to}:5353 comment "c1"`,
    ]);
    expect(await rules("masquerading", ip)).toEqual([
      `${tag} ${ip} saddr ${one} ${ip} daddr ${one} masquerade comment "c1"`,
      ...(family === "v4" ? [`${tag} ip saddr 127.0.0.1 ip daddr ${one} masquerade comment "c1"`] : []),
    ]);
    expect(await backend.check(call)).toEqual([]);
  });

  test("ADD again only looks; a second container costs two processes; DEL leaves the shared chains", async () => {
    await backend.add(request(ours, family, [web]));
    processes = [];
    await backend.add(request(ours, family, [web]));
    expect(processes).toHaveLength(1);
    await backend.add(request(other, family, [dns]));
    expect(processes).toHaveLength(3);
    const removed = await backend.remove(ours, family);
    expect(removed).toEqual([
      { protocol: "tcp", hostPort: 8080, hostAddress: undefined, address: one, port: 80 },
    ]);
    expect((await rules("hostports", ip)).join()).toMatch(/^[^,]*comment "c2"$/);
    expect((await rules("masquerading", ip)).join()).not.toContain('"c1"');
    expect(await rules("prerouting", ip)).toHaveLength(1);
    expect(await backend.remove(ours, family)).toEqual([]);
  });

  test("masqAll masquerades everybody, without snat nobody", async () => {
    await backend.add(request(ours, family, [web], { masqAll: true }));
    expect(await rules("masquerading", ip)).toEqual([
      `${tag} ${ip} saddr ${any} ${ip} daddr ${one} masquerade comment "c1"`,
    ]);
    expect(await backend.check(request(ours, family, [web], { masqAll: true }))).toEqual([]);
    await backend.add(request(ours, family, [web], { snat: false }));
    expect(await rules("masquerading", ip)).toEqual([]);
    expect(await backend.check(request(ours, family, [web], { snat: false }))).toEqual([]);
  });

  test("DEL on one network leaves the same container's rules of another", async () => {
    const elsewhere = { ...ours, network: "elsewhere" };
    await backend.add(request(ours, family, [web]));
    await backend.add(request(elsewhere, family, [dns]));
    await backend.remove(ours, family);
    expect(await rules("hostports", ip)).toEqual([expect.stringContaining(`!= ${tagOf("elsewhere")} udp`)]);
    expect(await backend.check(request(elsewhere, family, [dns]))).toEqual([]);
  });

  test("conditions are the container's own; changed ones are noticed and replaced", async () => {
    const narrow = {
      conditionsV4: ["ip saddr", "{ 192.0.2.0/24, 198.51.100.1 }"],
      conditionsV6: ["ip6 saddr != 2001:db8::/32"],
    };
    const wide = { conditionsV4: ["ct state new"], conditionsV6: ["ct state new"] };
    await backend.add(request(ours, family, [web], narrow));
    expect((await rules("hostports", ip))[0]).toMatch(
      family === "v4"
        ? /saddr \{ 192\.0\.2\.0\/24, 198\.51\.100\.1 \} tcp dport/
        : /saddr != 2001:db8::\/32 tcp dport/,
    );
    expect(await rules("prerouting", ip)).toEqual(["fib daddr type local jump hostports_all"]);
    expect(await backend.check(request(ours, family, [web], narrow))).toEqual([]);
    expect(await backend.check(request(ours, family, [web], wide))).toHaveLength(2);
    await backend.add(request(ours, family, [web], wide));
    expect(await rules("hostports", ip)).toEqual([expect.stringContaining("ct state new tcp dport 8080")]);
  });

  test("what nft refuses leaves nothing", async () => {
    const call = request(ours, family, [web], {
      conditionsV4: ["no such match"],
      conditionsV6: ["no such match"],
    });
    await expect(backend.add(call)).rejects.toMatchObject({ failure: "failed" });
    expect(await node.run(["nft", "list", "ruleset"])).toBe("");
  });

  test("many at once on a bare table are all there, and the shared rules once", async () => {
    const all = Array.from({ length: 6 }, (_, at) => ({ ...ours, containerId: `c${at + 1}` }));
    await Promise.all(
      all.map((one, at) => backend.add(request(one, family, [{ ...web, hostPort: 9000 + at }]))),
    );
    expect(await rules("hostports", ip)).toHaveLength(6);
    expect(await rules("prerouting", ip)).toHaveLength(1);
    expect(await rules("hostports_all", ip)).toHaveLength(2);
    await Promise.all(all.map((one) => backend.remove(one, family)));
    expect(await rules("hostports", ip)).toEqual([]);
    expect(await rules("masquerading", ip)).toEqual([]);
  });

  test("GC removes this network's stale containers and no other", async () => {
    await backend.add(request(ours, family, [web]));
    await backend.add(request(other, family, [dns]));
    await backend.add(request({ ...ours, network: "elsewhere" }, family, [{ ...web, hostPort: 1 }]));
    expect(await backend.collect("net", new Set(["c2"]), family)).toHaveLength(1);
    expect((await rules("hostports", ip)).map((rule) => /comment "(\w+)"/.exec(rule)?.[1])).toEqual([
      "c1",
      "c2",
    ]);
  });
});

test("what a saved and restored ruleset holds is still ours", async () => {
  await backend.add(request(ours, "v4", [web], { conditionsV4: ["ip saddr 192.0.2.0/24"] }));
  const saved = await node.run(["nft", "list", "ruleset"]);
  await nft(`flush ruleset\n${saved}`);
  expect(
    await backend.check(request(ours, "v4", [web], { conditionsV4: ["ip saddr 192.0.2.0/24"] })),
  ).toEqual([]);
  expect(await backend.remove(ours, "v4")).toHaveLength(1);
});

describe("a host port that another container has", () => {
  test("is taken over, and the loser named", async () => {
    await backend.add(request(ours, "v4", [web]));
    await backend.add(request(other, "v4", [web]));
    expect(warnings).toEqual(["hostPort 8080/tcp is held by container c1 on network net; it is taken over"]);
    expect((await rules("hostports"))[0]).toContain('comment "c2"');
    expect(await backend.check(request(other, "v4", [web]))).toEqual([]);
    expect(await backend.check(request(ours, "v4", [web]))).toEqual([
      "nft ip cni_hostport: hostPort 8080/tcp is held by container c2 on network net, whose rule stands first",
    ]);
    await backend.add(request(ours, "v4", [web]));
    expect((await rules("hostports"))[0]).toContain('comment "c1"');
  });

  test("is refused where the configuration says so", async () => {
    await backend.add(request({ ...ours, network: "elsewhere" }, "v4", [web]));
    const refusing = request(other, "v4", [web], { onConflict: "refuse" });
    await expect(backend.add(refusing)).rejects.toMatchObject({
      code: 102,
      message: "hostPort 8080/tcp is held by container c1 on another network",
    });
    expect(await rules("hostports")).toHaveLength(1);
  });

  test("is no conflict at another address of the node", async () => {
    await backend.add(request(ours, "v4", [{ ...web, hostIP: "192.0.2.1" }]));
    await backend.add(request(other, "v4", [{ ...web, hostIP: "192.0.2.2" }], { onConflict: "refuse" }));
    expect(await rules("hostports")).toHaveLength(2);
  });
});

describe("rules of the reference plugin", () => {
  test("are found in order by CHECK, but for its conditions on everybody's way", async () => {
    await nft(referenceRules);
    const found = await backend.check(request(ours, "v4", [web]));
    expect(found.filter((line) => !/prerouting|output|guard|127\.0\.0\.0|sysctl/.test(line))).toEqual([]);
    expect(found.filter((line) => line.includes("should not be there: prerouting"))).toHaveLength(1);
  });

  test("are removed by our DEL", async () => {
    await nft(referenceRules);
    expect(await backend.remove(ours, "v4")).toEqual([
      { protocol: "tcp", hostPort: 8080, hostAddress: undefined, address: "10.0.0.1", port: 80 },
    ]);
    expect([...(await rules("hostports")), ...(await rules("masquerading"))]).toEqual([]);
  });

  test("lose their conditions on shared chains by our ADD, the container keeps its rules", async () => {
    await nft(referenceRules);
    await backend.add(request(other, "v4", [dns]));
    expect(await rules("prerouting")).toEqual(["fib daddr type local jump hostports_all"]);
    expect(await rules("output")).toEqual(["fib daddr type local jump hostports_all"]);
    expect(await rules("hostports_all")).toHaveLength(2);
    expect(await rules("hostports")).toHaveLength(2);
  });
});

describe("127.0.0.1", () => {
  const open = () => sysctls.get(localnet);
  const markers = async () =>
    (await rules("loopback_guard")).filter((rule) => rule.includes("opened")).length;

  test("is opened behind a guard, and closed by the last DEL on the device", async () => {
    await backend.add(request(ours, "v4", [web]));
    expect(await rules("loopback_guard")).toEqual([
      'iifname "cni0" ip daddr 127.0.0.0/8 drop comment "route_localnet opened"',
      'iifname != "lo" ip daddr 127.0.0.0/8 drop',
      'iifname != "lo" ip saddr 127.0.0.0/8 drop',
    ]);
    await backend.add(request(other, "v4", [dns]));
    await backend.remove(ours, "v4");
    expect([open(), await markers()]).toEqual(["1", 1]);
    await backend.remove(other, "v4");
    expect([open(), await markers()]).toEqual(["0", 0]);
    expect(await rules("loopback_guard")).toHaveLength(2);
  });

  test("stays open where it was before, and a lost guard is told", async () => {
    sysctls.set(localnet, "1");
    await backend.add(request(ours, "v4", [web]));
    await node.run(["nft", "flush", "chain", "ip", "cni_hostport", "loopback_guard"]);
    expect(await backend.check(request(ours, "v4", [web]))).toEqual([
      'nft ip cni_hostport: rule is missing: loopback_guard iifname != "lo" ip daddr 127.0.0.0/8 drop',
      'nft ip cni_hostport: rule is missing: loopback_guard iifname != "lo" ip saddr 127.0.0.0/8 drop',
    ]);
    await backend.remove(ours, "v4");
    expect([open(), await markers()]).toEqual(["1", 0]);
  });
});

test("CHECK names every loss", async () => {
  const call = request(ours, "v6", [web, dns]);
  expect(await backend.check(call)).toEqual(["nft: table ip6 cni_hostport is missing"]);
  await backend.add(call);
  await node.run(["nft", "flush", "chain", "ip6", "cni_hostport", "masquerading"]);
  await node.run(["nft", "flush", "chain", "ip6", "cni_hostport", "output"]);
  await node.run(["nft", "insert", "rule", "ip6", "cni_hostport", "prerouting", "accept"]);
  const found = await backend.check(call);
  expect(found).toEqual([
    "nft ip6 cni_hostport: chain prerouting: the jump is not reached, rule 1 ends every packet's way",
    "nft ip6 cni_hostport: rule is missing: output fib daddr type local jump hostports_all",
    `nft ip6 cni_hostport: rule is missing: masquerading ${tag} ip6 saddr fd00::1 ip6 daddr fd00::1 masquerade comment "c1"`,
  ]);
});

test("a chain somebody made otherwise is told of", async () => {
  await nft(
    "add table ip cni_hostport\nadd chain ip cni_hostport prerouting { type filter hook prerouting priority 0 ; }",
  );
  expect(await backend.check(request(ours, "v4", [web]))).toContain(
    "nft ip cni_hostport: chain prerouting: expected type nat hook prerouting priority -100, found type filter hook prerouting priority 0",
  );
});

test("a container ID that no comment can hold is refused before anything runs", async () => {
  const call = request({ ...ours, containerId: "c".repeat(129) }, "v6", [{ ...web, hostIP: "::" }]);
  await expect(backend.add(call)).rejects.toMatchObject({ code: 4, message: expect.stringContaining("129") });
  expect(processes).toEqual([]);
});

test("a failure of nft is not taken for absence", async () => {
  const broken: Runner = {
    run: async () => ({ kind: "exited", exitCode: 1, stdout: "", stderr: "Operation not permitted" }),
  };
  const blind = nftablesBackend(nftables(broken), { runner: broken, kernel, path: "" });
  await expect(blind.remove(ours, "v4")).rejects.toThrow("not permitted");
  await expect(blind.probe("v4")).rejects.toThrow("not permitted");
});
