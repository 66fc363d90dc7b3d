import { expect, test } from "vitest";
import type { Forward } from "./forwards.ts";
import { parseFlows } from "./parse-conntrack.ts";
import { ipv4Number, parseFibTrie, parseIfInet6 } from "./parse-local-addresses.ts";
import { leftBehind, takenOver } from "./stale-flows.ts";

const listing = `udp      17 29 src=192.0.2.9 dst=192.0.2.1 sport=49044 dport=53 [UNREPLIED] src=192.0.2.1 dst=192.0.2.9 sport=53 dport=49044 mark=0 use=1
udp      17 29 src=192.0.2.9 dst=192.0.2.1 sport=49045 dport=53 src=10.0.0.5 dst=192.0.2.9 sport=5353 dport=49045 [ASSURED] mark=0 use=1
udp      17 29 src=192.0.2.9 dst=192.0.2.1 sport=49046 dport=53 src=10.0.0.2 dst=192.0.2.9 sport=5353 dport=49046 [ASSURED] mark=0 use=1
udp      17 29 src=192.0.2.1 dst=8.8.8.8 sport=1000 dport=53 src=8.8.8.8 dst=192.0.2.1 sport=53 dport=1000 mark=0 use=1
udp      17 29 src=192.0.2.9 dst=192.0.2.1 sport=49047 dport=54 src=192.0.2.1 dst=192.0.2.9 sport=54 dport=49047 mark=0 use=1
conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.
`;
const flows = parseFlows(listing);
const forward: Forward = {
  protocol: "udp",
  hostPort: 53,
  hostAddress: undefined,
  address: "10.0.0.2",
  port: 5353,
};
const isLocal = (address: string) => address === "192.0.2.1";
const sourcePorts = (found: typeof flows) => found.map(({ original }) => original.sourcePort);

test("a flow has the packet as it came and the packet that answers", () => {
  expect(flows).toHaveLength(5);
  expect(flows[1]).toEqual({
    original: { source: "192.0.2.9", destination: "192.0.2.1", sourcePort: 49045, destinationPort: 53 },
    reply: { source: "10.0.0.5", destination: "192.0.2.9", sourcePort: 5353, destinationPort: 49045 },
  });
});

test("taken over are flows to this node that somebody else answers, not the node's own to elsewhere", () => {
  expect(sourcePorts(takenOver(flows, [forward], isLocal))).toEqual([49044, 49045]);
});

test("a mapping of one address takes over only what goes there", () => {
  expect(takenOver(flows, [{ ...forward, hostAddress: "192.0.2.2" }], isLocal)).toEqual([]);
  expect(sourcePorts(takenOver(flows, [{ ...forward, hostAddress: "192.0.2.1" }], isLocal))).toEqual([
    49044, 49045,
  ]);
});

test("left behind are the flows the container answers", () => {
  expect(sourcePorts(leftBehind(flows, [forward]))).toEqual([49046]);
});

test("the node's addresses are read from fib_trie, ranges too", () => {
  const ranges = parseFibTrie(`Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 192.0.2.0
        /24 link UNICAST
Local:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     |-- 192.0.2.1
        /32 host LOCAL
`);
  expect(ranges).toEqual([
    [ipv4Number("127.0.0.0"), ipv4Number("127.255.255.255")],
    [ipv4Number("192.0.2.1"), ipv4Number("192.0.2.1")],
  ]);
});

test("the node's IPv6 addresses are read from if_inet6", () => {
  const text =
    "00000000000000000000000000000001 01 80 10 80       lo\nfe8000000000000040e2a4fffe5c3f0d 02 40 20 80     eth0\n";
  expect(parseIfInet6(text)).toEqual(["::1", "fe80::40e2:a4ff:fe5c:3f0d"]);
});
