import { renderRestore, transaction } from "iptables-wrapper";
import { expect, test } from "vitest";
import type { PortMapping, PortmapConfig } from "../config.ts";
import type { Destination } from "../destinations.ts";
import { desiredRules } from "./plan.ts";

const attachment = { network: "test", containerId: "icee6giejonei6so", ifname: "eth0" };
const v4: Destination = { family: "v4", address: "10.0.0.2", cidr: "10.0.0.2/24" };
const v6: Destination = { family: "v6", address: "2001:db8::2", cidr: "2001:db8::2/64" };
const web: PortMapping = { hostPort: 8080, containerPort: 80, protocol: "tcp", hostIp: { kind: "any" } };
const defaults: PortmapConfig = {
  onConflict: "replace",
  timeoutMs: 30_000,
  snat: true,
  masqAll: false,
  marking: { kind: "bit", bit: 13 },
  conditions: { v4: [], v6: [] },
  portMappings: [web],
};
const written = (config: Partial<PortmapConfig>, destination = v4) =>
  renderRestore({
    nat: transaction(new Map(), desiredRules(attachment, { ...defaults, ...config }, destination)),
  })
    .trim()
    .split("\n")
    .slice(1, -1);
const ofChain = (lines: string[], chain: string) =>
  lines.filter((line) => line.split(" ")[1] === chain && !line.startsWith("-N"));
const own = "CNI-DN-022110f36292712c8bb50";

test("the whole of an ADD on a bare node", () => {
  expect(written({})).toEqual([
    "-N CNI-HOSTPORT-DNAT",
    "-N CNI-HOSTPORT-SETMARK",
    "-N CNI-HOSTPORT-MASQ",
    `-N ${own}`,
    '-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
    "-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE",
    `-A ${own} -s 10.0.0.2/24 -p tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
    `-A ${own} -s 127.0.0.1 -p tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
    `-A ${own} -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80`,
    "-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    "-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT",
    '-I POSTROUTING 1 -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
    `-I CNI-HOSTPORT-DNAT 1 -p tcp -m comment --comment "dnat name: \\"test\\" id: \\"icee6giejonei6so\\"" -m multiport --dports 8080 -j ${own}`,
  ]);
});

test("IPv6 has brackets and no 127.0.0.1", () => {
  expect(ofChain(written({}, v6), own)).toEqual([
    `-A ${own} -s 2001:db8::2/64 -p tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
    `-A ${own} -p tcp --dport 8080 -j DNAT --to-destination [2001:db8::2]:80`,
  ]);
});

test("without snat nothing is marked and nothing masqueraded", () => {
  const lines = written({ snat: false });
  expect(lines.join("\n")).not.toMatch(/MARK|MASQ/);
  expect(ofChain(lines, own)).toEqual([`-A ${own} -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.2:80`]);
});

test.each([
  [v4, "0.0.0.0/0"],
  [v6, "::/0"],
])("masqAll marks everybody ($family)", (destination, everybody) => {
  expect(ofChain(written({ masqAll: true }, destination), own)).toHaveLength(2);
  expect(ofChain(written({ masqAll: true }, destination), own)[0]).toContain(`-s ${everybody} `);
});

test("the mark is one bit, up to the highest", () => {
  expect(written({ marking: { kind: "bit", bit: 31 } }).join("\n")).toContain("0x80000000/0x80000000");
});

test("with a chain of the operator's, ours for marking and masquerading are not made", () => {
  const lines = written({ marking: { kind: "chain", chain: "KUBE-MARK-MASQ" } });
  expect(lines.join("\n")).not.toMatch(/CNI-HOSTPORT-(SETMARK|MASQ)/);
  expect(ofChain(lines, own)[0]).toMatch(/-j KUBE-MARK-MASQ$/);
});

test("conditions stand before the jump, each family has its own", () => {
  const conditions = { v4: ["!", "-d", "192.0.2.0/24"], v6: ["-i", "eth7"] };
  expect(ofChain(written({ conditions }), "CNI-HOSTPORT-DNAT")[0]).toContain(` ! -d 192.0.2.0/24 -j ${own}`);
  expect(ofChain(written({ conditions }, v6), "CNI-HOSTPORT-DNAT")[0]).toContain(` -i eth7 -j ${own}`);
});

test("a hostIP narrows, an unspecified one only chooses the family, one of the other family is passed over", () => {
  const portMappings: PortMapping[] = [
    { ...web, hostPort: 1, hostIp: { kind: "address", family: "v4", address: "192.0.2.7" } },
    { ...web, hostPort: 2, hostIp: { kind: "family", family: "v4" } },
    { ...web, hostPort: 3, hostIp: { kind: "family", family: "v6" } },
    { ...web, hostPort: 4, hostIp: { kind: "address", family: "v6", address: "2001:db8::7" } },
  ];
  const forwards = (destination: Destination) =>
    ofChain(written({ snat: false, portMappings }, destination), own).map((line) =>
      line.slice(`-A ${own} `.length),
    );
  expect(forwards(v4)).toEqual([
    "-d 192.0.2.7 -p tcp --dport 1 -j DNAT --to-destination 10.0.0.2:80",
    "-p tcp --dport 2 -j DNAT --to-destination 10.0.0.2:80",
  ]);
  expect(forwards(v6)).toEqual([
    "-p tcp --dport 3 -j DNAT --to-destination [2001:db8::2]:80",
    "-d 2001:db8::7 -p tcp --dport 4 -j DNAT --to-destination [2001:db8::2]:80",
  ]);
});

test("an entry has the ports of both families, as the reference plugin writes it", () => {
  const portMappings: PortMapping[] = [
    { ...web, hostPort: 1, hostIp: { kind: "family", family: "v4" } },
    { ...web, hostPort: 2, hostIp: { kind: "family", family: "v6" } },
  ];
  for (const destination of [v4, v6]) {
    const entries = ofChain(written({ portMappings }, destination), "CNI-HOSTPORT-DNAT");
    expect(entries).toEqual([expect.stringMatching(/ -p tcp .* --dports 1,2 /)]);
  }
});

test("entries are by protocol in alphabetical order, fifteen ports each, no port twice", () => {
  const tcp = Array.from({ length: 17 }, (_, at) => ({ ...web, hostPort: 100 + at }));
  const portMappings: PortMapping[] = [
    { ...web, protocol: "udp" },
    ...tcp,
    { ...web, hostPort: 100, hostIp: { kind: "address", family: "v4", address: "192.0.2.7" } },
    { ...web, protocol: "sctp" },
  ];
  const entries = ofChain(written({ portMappings }), "CNI-HOSTPORT-DNAT");
  const ports = entries.map((line) => / -p (\w+) .* --dports (\S+)/.exec(line)?.slice(1));
  // Each is put in front of the one written before it.
  expect(ports.toReversed()).toEqual([
    ["sctp", "8080"],
    ["tcp", Array.from({ length: 15 }, (_, at) => 100 + at).join(",")],
    ["tcp", "115,116"],
    ["udp", "8080"],
  ]);
});
