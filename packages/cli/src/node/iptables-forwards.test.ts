import type { CountedRule } from "iptables-wrapper";
import { expect, test } from "vitest";
import { containerChains, iptablesForwards } from "./iptables-forwards.ts";

const where = { backend: "iptables-nft", family: "v4" } as const;
const own = "CNI-DN-623e1c388032b20529218";
const rule = (text: string, packets = 0): CountedRule => ({
  tokens: text.split(" ").map((token) => token.replaceAll("_", " ")),
  packets,
  bytes: packets * 60,
});
const comment = '-m comment --comment dnat_name:_"net"_id:_"c1"';
const entry = (ports: string, conditions = "") =>
  rule(`-p tcp ${comment} -m multiport --dports ${ports} ${conditions}-j ${own}`);
const dnat = (port: number, to: string, packets = 0, bound = "") =>
  rule(`${bound}-p tcp -m tcp --dport ${port} -j DNAT --to-destination ${to}`, packets);
const shared = (...rules: CountedRule[]) => new Map([["CNI-HOSTPORT-DNAT", rules]]);

test("entries lead to the rules for their ports, in the kernel's order, with counters and owner", () => {
  const chains = shared(rule("-p udp -j SOMETHING"), entry("8443"), entry("8080,8443"));
  expect(containerChains(chains)).toEqual([own]);
  const rules = [dnat(8080, "10.88.0.2:80", 3), dnat(8443, "10.88.0.2:443", 1, "-d 192.0.2.17/32 ")];
  const found = iptablesForwards(where, chains, new Map([[own, rules]]));
  expect(found.map(({ hostPort, place }) => [hostPort, place])).toEqual([
    [8443, 0],
    [8080, 1],
    [8443, 2],
  ]);
  expect(found[1]).toEqual({
    ...where,
    protocol: "tcp",
    hostAddress: undefined,
    hostPort: 8080,
    podAddress: "10.88.0.2",
    podPort: 80,
    network: "net",
    containerId: "c1",
    networkTag: undefined,
    chain: own,
    place: 1,
    conditional: false,
    packets: 3,
    bytes: 180,
  });
  expect(found[0]).toMatchObject({ hostAddress: "192.0.2.17", conditional: false });
});

test("a rule that no entry leads to forwards nothing, nor does a chain that is gone", () => {
  const rules = new Map([[own, [dnat(9090, "10.88.0.2:80")]]]);
  expect(iptablesForwards(where, shared(entry("8080")), rules)).toEqual([]);
  expect(iptablesForwards(where, shared(entry("8080")), new Map())).toEqual([]);
});

test("any other match is a condition", () => {
  const rules = new Map([[own, [dnat(8080, "10.88.0.2:80")]]]);
  const [found] = iptablesForwards(where, shared(entry("8080", "! -s 192.0.2.0/24 ")), rules);
  expect(found?.conditional).toBe(true);
  const masked = new Map([[own, [dnat(8080, "10.88.0.2:80", 0, "-i eth0 ")]]]);
  expect(iptablesForwards(where, shared(entry("8080")), masked)[0]?.conditional).toBe(true);
});
