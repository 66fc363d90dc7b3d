import { expect, test } from "vitest";
import type { Backend } from "./backend.ts";
import { type PortmapConfig, readConfig } from "./config.ts";
import type { Destination } from "./destinations.ts";
import type { Kernel } from "./kernel.ts";
import { type Concern, concernsOf, isSuspect } from "./node-requirements.ts";
import { readSettings, type SettingFiles } from "./node-requirements-read.ts";
import { settingFindings } from "./node-requirements-sysctls.ts";

const destinations: Destination[] = [
  { family: "v4", address: "10.0.0.2", cidr: "10.0.0.2/24" },
  { family: "v6", address: "fd00::2", cidr: "fd00::2/64" },
];
const iptables = { masqueradesSubnet: true } as Backend;
const nftables = { masqueradesSubnet: false } as Backend;

function config(hostIPs: readonly string[], fields: object = {}): PortmapConfig {
  const portMappings = hostIPs.map((hostIP) => ({
    hostPort: 8080,
    containerPort: 80,
    protocol: "tcp",
    hostIP,
  }));
  const read = readConfig({ ...fields, runtimeConfig: { portMappings } } as Parameters<typeof readConfig>[0]);
  if (!read.ok) throw new Error("bad test");
  return read.value;
}

function kernel(sysctls: Readonly<Record<string, string>>): Kernel {
  const unused = () => {
    throw new Error("not a setting");
  };
  return {
    hasIpv6: () => true,
    readSysctl: (path) => sysctls[path],
    writeSysctl: unused,
    networksOf: unused,
    localAddresses: unused,
  };
}

/** A tree of files, by their paths. */
function files(texts: Readonly<Record<string, string>>): SettingFiles {
  return {
    list: (directory) => {
      const below = Object.keys(texts).filter((path) => path.startsWith(`${directory}/`));
      return [...new Set(below.map((path) => path.slice(directory.length + 1).split("/")[0] ?? ""))];
    },
    text: (file) => texts[file],
  };
}

test.each([
  [
    ["", "127.0.0.1"],
    ["v4", "v6"],
  ],
  [["0.0.0.0"], ["v4"]],
  [["2001:db8::1"], ["v6"]],
  [["127.0.0.1", "127.1.2.3", "::1"], []],
  [["127.0.0.1", "192.0.2.1"], ["v4"]],
])("hostIPs %j concern %j", (hostIPs, families) => {
  const concerns = concernsOf(destinations, config(hostIPs), iptables);
  expect(concerns.map(({ family }) => family)).toEqual(families);
});

test.each([
  [iptables, {}, "10.0.0.2/24", false],
  [iptables, { snat: false }, "10.0.0.2/24", true],
  [iptables, { snat: false, masqAll: true }, "10.0.0.2/24", true],
  [iptables, { snat: false }, "10.0.0.2/32", false],
  [nftables, {}, "10.0.0.2/24", true],
  [nftables, { masqAll: true }, "10.0.0.2/24", false],
  [nftables, {}, "10.0.0.2/32", false],
])("%j with %j, container at %s: needs bridged packets %j", (backend, fields, cidr, needed) => {
  const destination = { family: "v4", address: "10.0.0.2", cidr } as const;
  expect(concernsOf([destination], config([""], fields), backend)).toEqual([
    { family: "v4", needsBridgeCalls: needed },
  ]);
});

const forward = "net/ipv4/ip_forward";
const calls = "net/bridge/bridge-nf-call-iptables";
const routed: Concern = { family: "v4", needsBridgeCalls: false };
const bridged: Concern = { family: "v4", needsBridgeCalls: true };

test.each([
  [routed, { [forward]: "1" }, false],
  [routed, { [forward]: "0" }, true],
  [routed, {}, false],
  [bridged, {}, false],
  [bridged, { [forward]: "1", [calls]: "1" }, false],
  [bridged, { [forward]: "1", [calls]: "0" }, true],
  [bridged, { [forward]: "1" }, true],
])("%j with %j is suspect: %j", (concern, sysctls, expected) => {
  expect(isSuspect(concern, kernel(sysctls))).toBe(expected);
});

test("forwarding is off where no device has a setting of its own", () => {
  const off = kernel({ [forward]: "0", "net/ipv6/conf/all/forwarding": "0" });
  const conf = "/proc/sys/net/ipv4/conf";
  const idle = files({
    [`${conf}/all/forwarding`]: "1",
    [`${conf}/default/forwarding`]: "1",
    [`${conf}/lo/forwarding`]: "1",
    [`${conf}/eth0/forwarding`]: "0",
  });
  expect(readSettings(routed, off, undefined, idle).forwards).toBe(false);
  const own = files({ [`${conf}/eth0/forwarding`]: "1" });
  expect(readSettings(routed, off, undefined, own).forwards).toBe(true);
  const six: Concern = { family: "v6", needsBridgeCalls: false };
  const forced = files({ "/proc/sys/net/ipv6/conf/eth0/force_forwarding": "1" });
  expect(readSettings(six, off, undefined, forced).forwards).toBe(true);
  const perDevice = files({ "/proc/sys/net/ipv6/conf/eth0/forwarding": "1" });
  expect(readSettings(six, off, undefined, perDevice).forwards).toBe(false);
});

test("the bridges that matter are those asked for that have no setting of their own", () => {
  const sys = files({
    "/sys/class/net/cni0/bridge/nf_call_iptables": "0",
    "/sys/class/net/docker0/bridge/nf_call_iptables": "0",
    "/sys/class/net/br1/bridge/nf_call_iptables": "1",
    "/sys/class/net/eth0/mtu": "1500",
  });
  const off = kernel({ [forward]: "1", [calls]: "0" });
  expect(readSettings(bridged, off, undefined, sys).unheardBridges).toEqual(["cni0", "docker0"]);
  expect(readSettings(bridged, off, new Set(["cni0", "br1", "eth0"]), sys).unheardBridges).toEqual(["cni0"]);
  expect(readSettings(routed, off, undefined, sys).unheardBridges).toEqual([]);
  expect(readSettings(bridged, kernel({ [calls]: "1" }), undefined, sys).unheardBridges).toEqual([]);
});

test("each finding names the setting with its value, what breaks and the remedy", () => {
  const well = { family: "v4", forwards: true, bridgeCalls: "1", unheardBridges: [] } as const;
  expect(settingFindings(well)).toEqual([]);
  expect(settingFindings({ ...well, bridgeCalls: "0" })).toEqual([]);
  expect(settingFindings({ ...well, forwards: false })).toEqual([
    "sysctl net/ipv4/ip_forward is 0: other hosts and pods get no answer from IPv4 host ports; sysctl -w net.ipv4.ip_forward=1",
  ]);
  expect(settingFindings({ ...well, family: "v6", forwards: false })).toEqual([
    expect.stringMatching(/^sysctl net\/ipv6\/conf\/all\/forwarding is 0: .*=1 \(.*accept_ra=2 .*\)$/),
  ]);
  expect(settingFindings({ ...well, bridgeCalls: "0", unheardBridges: ["a", "b"] })).toEqual([
    "sysctl net/bridge/bridge-nf-call-iptables is 0: a pod on bridges a, b gets no answer from IPv4 host ports of other pods there; sysctl -w net.bridge.bridge-nf-call-iptables=1, or masqAll with snat",
  ]);
  expect(settingFindings({ ...well, bridgeCalls: undefined, unheardBridges: ["a"] })).toEqual([
    expect.stringMatching(
      /is not there, br_netfilter is not loaded: .*; modprobe br_netfilter && sysctl -w /,
    ),
  ]);
});
