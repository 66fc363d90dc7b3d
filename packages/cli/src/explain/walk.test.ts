import { describe, expect, test } from "vitest";
import { packet as arriving, node } from "../../test/packet.ts";
import { iptablesRuleset } from "./iptables-rules.ts";
import type { Packet, Truth } from "./packet.ts";
import { walk } from "./walk.ts";

const packet = { ...arriving, outDevice: "cni0" };
const filter = (rules: string, policy = "ACCEPT") =>
  iptablesRuleset("iptables", `*filter\n:FORWARD ${policy} [0:0]\n:SIDE - [0:0]\n${rules}\nCOMMIT\n`);

describe("whether a rule takes the packet", () => {
  test.each<readonly [string, Truth]>([
    ["", "yes"],
    ["-s 192.0.2.0/28", "yes"],
    ["! -s 192.0.2.0/28", "no"],
    ["-d 10.0.0.0/8", "no"],
    ["-p udp", "no"],
    ["-p tcp -m tcp --dport 8080", "yes"],
    ["-p tcp -m tcp --dport 8000:8079", "no"],
    ["-p tcp -m tcp ! --dport 8080", "no"],
    ["-p tcp -m multiport --dports 80,8000:9000", "yes"],
    ["-p tcp -m tcp --sport 1024:65535", "may"],
    ["-i up+", "yes"],
    ["-i cni0", "no"],
    ["! -i lo", "yes"],
    ["-o cni0", "yes"],
    ["-m addrtype --dst-type LOCAL", "yes"],
    ["-m addrtype ! --dst-type LOCAL", "no"],
    ["-m addrtype --src-type LOCAL", "no"],
    ["-m addrtype --dst-type BROADCAST", "may"],
    ["-m conntrack --ctstate RELATED,ESTABLISHED", "no"],
    ["-m conntrack --ctstate NEW", "yes"],
    ["-m conntrack --ctstate DNAT", "yes"],
    ["-m conntrack --ctstatus SNAT", "no"],
    ["-m state --state NEW", "yes"],
    ["-m mark --mark 0x2000/0x2000", "yes"],
    ["-m mark ! --mark 0x2000/0x2000", "no"],
    ["-m mark --mark 0x1", "no"],
    ["-m connmark --mark 0x2000/0x2000", "may"],
    ["-m set --match-set friends src", "may"],
    ["-m set --match-set friends src -p udp", "no"],
    ['-m comment --comment "-p udp"', "yes"],
    ["-m statistic --mode random --probability 0.5", "may"],
  ])("%s: %s", (match, expected) => {
    const [base] = filter(`-A FORWARD ${match} -j DROP`);
    expect(base?.table.chains.get("FORWARD")?.[0]?.takes(packet, node)).toBe(expected);
  });
});

test("a policy, a rule, a jump and its return", () => {
  expect(walk("forward", filter(""), packet, node).end).toBe("passes");
  expect(walk("forward", filter("", "DROP"), packet, node)).toMatchObject({
    end: "dropped",
    droppedBy: { chain: "FORWARD", policy: true },
  });
  const accepted = filter("-A FORWARD -p tcp -j ACCEPT\n-A FORWARD -j DROP", "DROP");
  expect(walk("forward", accepted, packet, node)).toMatchObject({ end: "passes", taken: [{ number: 1 }] });
  const side = filter(
    "-A FORWARD -j SIDE\n-A FORWARD -p tcp -j REJECT\n-A SIDE -p tcp -j RETURN\n-A SIDE -j ACCEPT",
  );
  expect(walk("forward", side, packet, node)).toMatchObject({
    end: "dropped",
    droppedBy: { chain: "FORWARD", number: 2 },
    passed: [{ number: 1 }],
  });
  const gone = filter("-A FORWARD -g SIDE\n-A FORWARD -j ACCEPT\n-A SIDE -p udp -j ACCEPT", "DROP");
  expect(walk("forward", gone, packet, node).end).toBe("dropped");
});

test("what is not understood is a doubt, not an answer", () => {
  const chains = filter(
    "-A FORWARD -m set --match-set friends src -j DROP\n-A FORWARD -p udp -m quota --quota 1 -j DROP",
  );
  const { end, doubts } = walk("forward", chains, packet, node);
  expect(end).toBe("passes");
  expect(doubts.map(({ number }) => number)).toEqual([1]);
});

test("chains that go in circles end", () => {
  const chains = filter("-A FORWARD -j SIDE\n-A SIDE -j SIDE");
  expect(walk("forward", chains, packet, node).end).toBe("passes");
});

test("a connection is translated once, and a mark is carried on", () => {
  const text = `*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:MARK-IT - [0:0]
-A PREROUTING -j MARK-IT
-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.1.0.5:80
-A MARK-IT -j MARK --set-xmark 0x4000/0x4000
-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE
COMMIT
`;
  const again = "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DNAT --to-destination 10.1.0.6\nCOMMIT\n";
  // Of one priority, the one that was made last comes first.
  const chains = [...iptablesRuleset("iptables-legacy", again), ...iptablesRuleset("iptables-nft", text)];
  const arrived = walk("prerouting", chains, { ...packet, dnat: false, mark: 0 }, node);
  expect(arrived.packet).toMatchObject({
    destination: "10.1.0.5",
    destinationPort: 80,
    mark: 0x4000,
    dnat: true,
  });
  expect(walk("postrouting", chains, arrived.packet, node).packet.snat).toBe(true);
  const answer: Packet = { ...packet, state: "established", dnat: false };
  expect(walk("prerouting", chains, answer, node).packet).toEqual(answer);
});

test("IPv6 targets", () => {
  const [base] = iptablesRuleset(
    "ip6tables",
    "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j DNAT --to-destination [fd00::5]:80\nCOMMIT\n",
  );
  expect(base?.table.chains.get("OUTPUT")?.[0]?.verdict).toEqual({
    kind: "dnat",
    address: "fd00::5",
    port: 80,
  });
});
