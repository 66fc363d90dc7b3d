import { expect, test } from "vitest";
import type { Pod } from "../lib/node.ts";
import type { Place } from "../lib/place.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { hasIpv6 } from "../lib/tools.ts";
import { ask, serve } from "../lib/traffic.ts";
import { noteTried } from "../lib/tried-table.ts";

// What a pod with CAP_NET_ADMIN and CAP_NET_RAW may do to its own namespace must not let it at the node's loopback,
// which a hostPort on 127.0.0.1 has opened a way from.

interface Attack {
  readonly what: string;
  /** Address that the pod sends to. */
  readonly to: string;
  readonly prepare: (pod: Pod, gateway: { readonly address: string; readonly mac: string }) => Promise<void>;
}

const outward = {
  "ipv4/conf/all/route_localnet": 1,
  "ipv4/conf/eth0/route_localnet": 1,
  "ipv4/conf/all/rp_filter": 0,
};

const attacks: readonly Attack[] = [
  {
    what: "127.0.0.1 by the gateway",
    to: "127.0.0.1",
    prepare: (pod, { address }) => pod.ip(`route add 127.0.0.0/8 via ${address} dev eth0`),
  },
  {
    what: "127.0.0.1 at the gateway's hardware address",
    to: "127.0.0.1",
    prepare: (pod, { mac }) =>
      pod.ip("route add 127.0.0.0/8 dev eth0", `neigh replace 127.0.0.1 lladdr ${mac} dev eth0`),
  },
  {
    what: "127.0.0.53 at the gateway's hardware address",
    to: "127.0.0.53",
    prepare: (pod, { mac }) =>
      pod.ip("route add 127.0.0.0/8 dev eth0", `neigh replace 127.0.0.53 lladdr ${mac} dev eth0`),
  },
  {
    what: "127.0.0.1 to everybody's hardware address",
    to: "127.0.0.1",
    prepare: (pod) =>
      pod.ip("route add 127.0.0.0/8 dev eth0", "neigh replace 127.0.0.1 lladdr ff:ff:ff:ff:ff:ff dev eth0"),
  },
  {
    what: "::1 at the gateway's hardware address",
    to: "::1",
    prepare: async (pod, { mac }) => {
      await pod.ip(
        "address flush dev lo",
        "route replace ::1/128 dev eth0",
        `neigh replace ::1 lladdr ${mac} dev eth0`,
      );
    },
  },
  ...["127.0.0.1", "127.9.9.9"].map((source) => ({
    what: `the gateway, from ${source}`,
    to: "10.88.0.1",
    prepare: (pod: Pod) =>
      pod.ip(`address add ${source}/32 dev eth0`, `route add 10.88.0.1/32 dev eth0 src ${source}`),
  })),
];

/** Counts what arrives from or for the node's loopback by any other way than its own. */
async function countArrivals(node: Place): Promise<() => Promise<number>> {
  const wired = ["-I", "INPUT", "!", "-i", "lo", "-p", "udp", "--dport", "7777"];
  await node.run(["iptables", ...wired, "-d", "127.0.0.0/8"]);
  await node.run(["iptables", ...wired, "-s", "127.0.0.0/8"]);
  if (hasIpv6()) {
    await node.run(["ip6tables", ...wired, "-d", "::1"]);
    await node.run(["ip6tables", ...wired, "-s", "::1"]);
  }
  return async () => {
    const listed = await Promise.all(
      ["iptables", ...(hasIpv6() ? ["ip6tables"] : [])].map((tool) => node.run([tool, "-nvxL", "INPUT"])),
    );
    const lines = listed.flatMap((text) => text.split("\n").slice(2, 4));
    return lines.reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0);
  };
}

test.for(["iptables", "nftables"])(
  "a pod gets nothing into the node's loopback, backend %s",
  async (backend, { task }) => {
    await using stage = await Stage.set({ chained: [portmap({ backend })] });
    const { node } = stage;
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    const arrived = await countArrivals(node);
    const gateway = {
      address: "10.88.0.1",
      mac: /link\/ether (\S+)/.exec(await node.run(["ip", "link", "show", "cni0"]))?.[1] ?? "",
    };
    const lost: string[] = [];
    const pods: Pod[] = [];
    const possible = attacks.filter(({ to }) => hasIpv6() || !to.includes(":"));
    for (const [at, { what, to, prepare }] of possible.entries()) {
      const { pod } = await stage.add(`against-${at}`, { portMappings: [mapping(9000 + at, 80)] });
      pods.push(pod);
      await pod.sysctl(outward);
      await prepare(pod, gateway);
      const before = await arrived();
      await ask(pod, to, 7777, { protocol: "udp", timeoutMs: 100 });
      const got = (await arrived()) - before;
      noteTried(task, { what: `packets: ${what}`, times: 1, lost: got > 0 ? 1 : 0 });
      if (got > 0) lost.push(what);
    }
    expect(lost).toEqual([]);
    expect(await ask(node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    // They do arrive where nothing guards: the test can fail.
    if (backend === "iptables") await node.run(["iptables", "-t", "raw", "-F", "CNI-HOSTPORT-LOCAL"]);
    else await node.run(["nft", "flush", "chain", "ip", "cni_hostport", "loopback_guard"]);
    await ask(pods[0]!, "127.0.0.1", 7777, { protocol: "udp", timeoutMs: 100 });
    expect(await arrived()).toBeGreaterThan(0);
  },
);
