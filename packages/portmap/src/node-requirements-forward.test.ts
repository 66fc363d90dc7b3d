import type { Json } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { expect, test } from "vitest";
import { chainAccepts, droppingChains, forwardListing } from "./node-requirements-chains.ts";
import { forwardFindings } from "./node-requirements-forward.ts";

const underWay = "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";

test.each([
  [["-P FORWARD ACCEPT"], undefined],
  [["-P FORWARD ACCEPT", "-A FORWARD -j DROP"], undefined],
  [["-P FORWARD DROP"], "none"],
  [["-P FORWARD DROP", underWay, "-A FORWARD -j LOG", "-A FORWARD -p icmp", "-A FORWARD -j REJECT"], "none"],
  [["-P FORWARD DROP", "-A FORWARD -m state --state ESTABLISHED -j ACCEPT"], "none"],
  [["-P FORWARD DROP", '-A FORWARD -m comment --comment "-j ACCEPT" -j DROP'], "none"],
  [["-P FORWARD DROP", "-A FORWARD -m conntrack ! --ctstate INVALID -j ACCEPT"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -m state ! --state INVALID -j ACCEPT"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -i cni0 -j ACCEPT"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -j KUBE-FORWARD"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -g somewhere"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -j DOCKER-USER", "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT"], "known"],
  [["-P FORWARD DROP", "-A FORWARD -o br-0123456789ab -j ACCEPT", underWay], "known"],
  [["-P FORWARD DROP", "-A FORWARD -j DOCKER-USER", "-A FORWARD -j KUBE-FORWARD"], "some"],
  [["-P FORWARD DROP", "-A FORWARD -j CNI-FORWARD"], "known"],
  [["-P FORWARD DROP", "-A FORWARD -j DOCKERLIKE"], "some"],
])("%j accepts: %s", (lines, accepts) => {
  expect(forwardListing(`${lines.join("\n")}\n`)).toBe(accepts);
});

const state = { ct: { key: "state" } };
const stateIs = (right: Json, op = "in"): Json => ({ match: { op, left: state, right } });
const accept: Json = { accept: null };
const vmap = (key: Json, ...entries: Json[]): Json => ({ vmap: { key, data: { set: entries } } });

test.each<[Json[][], string]>([
  [[], "none"],
  [[[{ counter: null }, { drop: null }], [{ log: { prefix: "x" } }]], "none"],
  [[[stateIs(["established", "related"]), accept]], "none"],
  [[[stateIs({ set: ["established", "related"] }, "=="), accept]], "none"],
  [[[stateIs("established"), accept]], "none"],
  [[[vmap(state, ["established", accept], ["invalid", { drop: null }])]], "none"],
  [[[vmap(state, ["established", accept], ["new", accept])]], "some"],
  [[[vmap({ meta: { key: "iifname" } }, ["eth0", { jump: { target: "lan" } }])]], "some"],
  [[[{ vmap: { key: state, data: "@verdicts" } }]], "some"],
  [[[stateIs(["established", "new"]), accept]], "some"],
  [[[stateIs("invalid", "!="), accept]], "some"],
  [[[{ match: { op: "in", left: { ct: { key: "status" } }, right: "dnat" } }, accept]], "some"],
  [[[{ jump: { target: "other" } }]], "some"],
  [[[stateIs("established"), accept], [{ goto: { target: "other" } }]], "some"],
])("rules %j accept: %s", (rules, accepts) => {
  const objects = rules.map((expr) => ({ rule: { family: "inet", table: "t", chain: "c", expr } }));
  expect(chainAccepts({ nftables: [{ metainfo: {} }, ...objects] })).toBe(accepts);
});

const hook = { table: "t", name: "c", hook: "forward", policy: "drop" };
const chains = (...list: Json[]) => ({ nftables: list.map((chain) => ({ chain })) });

test("of nft's chains those at hook forward that drop routed packets matter", () => {
  const listing = chains(
    { ...hook, family: "ip" },
    { ...hook, family: "inet" },
    { ...hook, family: "bridge" },
    { ...hook, family: "ip", policy: "accept" },
    { ...hook, family: "ip", hook: "input" },
    { family: "ip", table: "t", name: "plain" },
  );
  expect(droppingChains(listing)).toEqual([
    { family: "ip", table: "t", name: "c" },
    { family: "inet", table: "t", name: "c" },
  ]);
  for (const none of [null, {}, { nftables: "x" }, { nftables: [1, null] }])
    expect(droppingChains(none)).toEqual([]);
});

/** Answers by command line; what it does not know fails, as a tool does. */
function node(outputs: Readonly<Record<string, string>>, commands: string[] = []): Runner {
  return {
    run: async ({ file, argv }) => {
      const line = [file, ...argv].join(" ");
      commands.push(line);
      const stdout = outputs[line];
      return { kind: "exited", exitCode: stdout === undefined ? 1 : 0, stdout: stdout ?? "", stderr: "" };
    },
  };
}
const installed = (tools: readonly string[], legacy = false) => ({
  isInstalled: (tool: string) => tools.includes(tool),
  hasLegacyFilter: () => legacy,
});
const dropping = "-P FORWARD DROP\n";

test("a healthy node costs one process, and a look that fails says nothing", async () => {
  const commands: string[] = [];
  const healthy = node({ "nft -j list chains": JSON.stringify(chains()) }, commands);
  expect(await forwardFindings(["v4", "v6"], healthy, installed(["nft", "iptables", "ip6tables"]))).toEqual(
    [],
  );
  expect(commands).toEqual(["nft -j list chains"]);
  const unlisted = JSON.stringify(chains({ ...hook, family: "inet" }));
  for (const stdout of [undefined, "not JSON", unlisted]) {
    const outputs = stdout === undefined ? {} : { "nft -j list chains": stdout };
    expect(await forwardFindings(["v4"], node(outputs), installed(["nft", "iptables"], true))).toEqual([]);
  }
  expect(await forwardFindings(["v4", "v6"], node({}), installed([]))).toEqual([]);
});

test("iptables-legacy is asked by its own name where it has rules", async () => {
  const outputs = { "iptables-legacy -S FORWARD": dropping, "ip6tables -S FORWARD": dropping };
  const found = await forwardFindings(["v4", "v6"], node(outputs), installed(["iptables-legacy"], true));
  expect(found).toEqual([
    "iptables-legacy: chain FORWARD of table filter has policy DROP and no rule that accepts: other hosts get no answer from IPv4 host ports; iptables-legacy -I FORWARD -m conntrack --ctstate DNAT -j ACCEPT",
    expect.stringMatching(/^ip6tables: .* IPv6 host ports; ip6tables -I FORWARD /),
  ]);
});

test("chains of a family that is not used are nobody's concern", async () => {
  const filter = { ...hook, table: "filter", name: "FORWARD" };
  const listing = chains(
    { ...filter, family: "ip" },
    { ...filter, family: "ip6" },
    { ...hook, family: "inet" },
  );
  const runner = node({
    "nft -j list chains": JSON.stringify(listing),
    "iptables-nft -S FORWARD": dropping,
    "ip6tables-nft -S FORWARD": dropping,
    "nft -j list chain inet t c": JSON.stringify(chains()),
  });
  const tools = installed(["nft", "iptables-nft", "ip6tables-nft"]);
  const firsts = async (families: readonly ("v4" | "v6")[]) =>
    (await forwardFindings(families, runner, tools)).map((text) => text.split(":")[0]);
  expect(await firsts(["v4"])).toEqual(["iptables-nft", "nftables"]);
  expect(await firsts(["v4", "v6"])).toEqual(["iptables-nft", "ip6tables-nft", "nftables"]);
});
