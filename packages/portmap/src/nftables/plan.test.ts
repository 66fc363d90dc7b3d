import { type ListedRule, type ListedTable, parseTable, renderChanges } from "@cni-chain/nft-ts";
import { expect, test } from "vitest";
import { type PortmapConfig, readConfig } from "../config.ts";
import type { Destination } from "../destinations.ts";
import { findConflicts } from "./conflicts.ts";
import { ownRules } from "./desired.ts";
import { guardChanges, openedDevices } from "./guard.ts";
import { tagOf } from "./names.ts";
import { isOwn, isOwnOrUntagged, listedForwards, ownerOf } from "./owner.ts";
import { ownChanges, sharedChanges } from "./plan.ts";

const attachment = { network: "net", containerId: "c1", ifname: "eth0" };
const v4: Destination = { family: "v4", address: "10.0.0.2", cidr: "10.0.0.2/24" };

function config(fields: object = {}): PortmapConfig {
  const portMappings = [
    { hostPort: 8080, containerPort: 80, protocol: "tcp" },
    { hostPort: 53, containerPort: 53, protocol: "udp", hostIP: "192.0.2.1" },
  ];
  const read = readConfig({ backend: "nftables", runtimeConfig: { portMappings }, ...fields } as Parameters<
    typeof readConfig
  >[0]);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

test("the whole of an ADD on a bare node", () => {
  const own = ownRules(attachment, config(), v4);
  const changes = [
    ...sharedChanges("ip", undefined, true),
    ...guardChanges(undefined, "cni0"),
    ...ownChanges("ip", undefined, attachment, own, false),
  ];
  const tag = `meta length != ${tagOf("net")}`;
  expect(
    renderChanges("ip", "cni_hostport", changes).replaceAll("ip cni_hostport ", "").trim().split("\n"),
  ).toEqual([
    'add table { comment "CNI portmap plugin" ; }',
    "create chain hostports",
    "create chain hostip_hostports",
    "create chain hostports_all",
    "create chain prerouting { type nat hook prerouting priority -100 ; }",
    "create chain output { type nat hook output priority -100 ; }",
    "create chain masquerading { type nat hook postrouting priority 100 ; }",
    "add rule hostports_all jump hostip_hostports",
    "add rule hostports_all jump hostports",
    "add rule prerouting fib daddr type local jump hostports_all",
    "add rule output fib daddr type local jump hostports_all",
    "create chain loopback_guard { type filter hook prerouting priority -300 ; }",
    'add rule loopback_guard iifname != "lo" ip daddr 127.0.0.0/8 drop',
    'add rule loopback_guard iifname != "lo" ip saddr 127.0.0.0/8 drop',
    'insert rule loopback_guard iifname "cni0" ip daddr 127.0.0.0/8 drop comment "route_localnet opened"',
    `insert rule hostports ${tag} ip daddr 192.0.2.1 udp dport 53 dnat to 10.0.0.2:53 comment "c1"`,
    `insert rule hostports ${tag} tcp dport 8080 dnat to 10.0.0.2:80 comment "c1"`,
    `add rule masquerading ${tag} ip saddr 10.0.0.2 ip daddr 10.0.0.2 masquerade comment "c1"`,
    `add rule masquerading ${tag} ip saddr 127.0.0.1 ip daddr 10.0.0.2 masquerade comment "c1"`,
  ]);
});

test.each([
  ["net", 2760253258],
  ["a", 2671836306],
])("the tag of network %s is the first 31 bits of its SHA-512 below a set one", (network, tag) => {
  expect(tagOf(network)).toBe(tag);
  expect(tag).toBeGreaterThanOrEqual(2 ** 31);
});

/** A table with these rules in `hostports`, as nft would list them. */
function listed(...rules: { comment: string; tag?: number; port: number; to?: string }[]): ListedTable {
  const match = (op: string, left: object, right: unknown) => ({ match: { op, left, right } });
  const objects = rules.map(({ comment, tag, port, to = "10.0.0.9" }, at) => ({
    rule: {
      chain: "hostports",
      handle: at + 1,
      comment,
      expr: [
        ...(tag === undefined ? [] : [match("!=", { meta: { key: "length" } }, tag)]),
        match("==", { payload: { protocol: "tcp", field: "dport" } }, port),
        { dnat: { addr: to, port: 80 } },
      ],
    },
  }));
  return parseTable(JSON.stringify({ nftables: [{ chain: { name: "hostports" } }, ...objects] }));
}
const ruleOf = (table: ListedTable): ListedRule => table.get("hostports")?.rules[0] ?? expect.unreachable();

test("a rule is owned by comment and tag, the reference's by comment alone", () => {
  const own = ruleOf(listed({ comment: "c1", tag: tagOf("net"), port: 1 }));
  const reference = ruleOf(listed({ comment: "c1", port: 1 }));
  const elsewhere = ruleOf(listed({ comment: "c1", tag: tagOf("other"), port: 1 }));
  const stranger = ruleOf(listed({ comment: "c2", port: 1 }));
  const rules = [own, reference, elsewhere, stranger];
  expect(rules.map((rule) => isOwn(rule, attachment))).toEqual([true, false, false, false]);
  expect(rules.map((rule) => isOwnOrUntagged(rule, attachment))).toEqual([true, true, false, false]);
  expect(ownerOf(elsewhere)).toEqual({ containerId: "c1", network: tagOf("other") });
});

test("a match of a real packet length is no tag", () => {
  expect(ownerOf(ruleOf(listed({ comment: "c1", tag: 1500, port: 1 }))).network).toBeUndefined();
});

test("others' forwards of a wanted port are conflicts, the container's own of whatever origin are not", () => {
  const table = listed(
    { comment: "c1", tag: tagOf("net"), port: 8080 },
    { comment: "c1", port: 8080 },
    { comment: "c1", tag: tagOf("other"), port: 8080 },
    { comment: "c2", tag: tagOf("net"), port: 8080 },
    { comment: "c3", tag: tagOf("net"), port: 8081 },
  );
  const wanted = listedForwards(listed({ comment: "c1", port: 8080 })).map(({ forward }) => forward);
  const handles = findConflicts(table, attachment, wanted).map(({ holder }) => holder.rule.handle);
  expect(handles).toEqual([3, 4]);
});

test("what nothing is known of has no guard and no opened device", () => {
  expect(openedDevices(undefined)).toEqual([]);
  expect(guardChanges(undefined, undefined)).toHaveLength(3);
});
