import { baseResult } from "../lib/base-result.ts";
import { plugin } from "../lib/plugins.ts";
import { mapping, type Stage } from "../lib/stage.ts";
import { cacheDir, cacheEntry } from "./cached.ts";

const limits = {
  ingressRate: 10_000_000,
  ingressBurst: 500_000,
  egressRate: 8_000_000,
  egressBurst: 400_000,
};

/** How many there are before and afterwards. */
interface Crowd {
  readonly from?: number;
  readonly to: number;
}

interface Member {
  /** The first of its two. */
  readonly port: number;
  readonly name: string;
  readonly address: string;
  readonly hostVeth: string;
  readonly hostMac: string;
  readonly mac: string;
}

/**
 * Puts pods on a node that has some already: each with a namespace, a veth pair, an IPv4 address, an entry in the cache, two
 * host ports and both limits. Rules and limits come from `repair`, which leaves what ADD does, and all at once. At most 250.
 */
export async function crowd(stage: Stage, { from = 0, to }: Crowd): Promise<void> {
  const members = Array.from({ length: to - from }, (_, index): Member => {
    const at = from + index;
    const number = (at + 2).toString(16).padStart(2, "0");
    return {
      port: 10_000 + 2 * at,
      name: `pod${at}`,
      address: `10.88.0.${at + 2}/24`,
      hostVeth: `veth${at}`,
      hostMac: `0a:58:0b:58:00:${number}`,
      mac: `0a:58:0a:58:00:${number}`,
    };
  });
  await stage.node.ip(
    ...members.flatMap(({ name, hostVeth, hostMac, mac }) => [
      `netns add ${name}`,
      `link add ${hostVeth} address ${hostMac} type veth peer name eth0 address ${mac} netns ${name}`,
      `link set ${hostVeth} master cni0 up`,
    ]),
  );
  const inPods = members.flatMap(({ name, address }) => [
    `ip -n ${name} address add ${address} dev eth0`,
    `ip -n ${name} link set eth0 up`,
  ]);
  await stage.node.run(["sh", "-e"], { stdin: `${inPods.join("\n")}\n` });
  const entries = members.map((member) => cacheEntry(entryOf(stage, member)));
  const write = '{ file = $1; sub(/^[^ ]+ /, ""); print > file; close(file) }';
  await stage.node.run(["sh", "-ec", `mkdir -p ${cacheDir}/results && exec awk '${write}'`], {
    stdin: entries.map(({ file, text }) => `${file} ${text}\n`).join(""),
  });
  await stage.node.run([plugin("cni-chain"), "repair", "--cache-dir", cacheDir]);
}

function entryOf({ chain: { conf } }: Stage, { port, name, address, hostVeth, hostMac, mac }: Member) {
  const netns = `/run/netns/${name}`;
  const result = baseResult(conf.cniVersion, {
    bridge: { name: "cni0", mac: "0a:58:0a:58:00:01" },
    hostVeth: { name: hostVeth, mac: hostMac },
    pod: { name: "eth0", mac, sandbox: netns },
    addresses: [{ family: 4, address, gateway: "10.88.0.1" }],
  });
  const portMappings = [mapping(port, 80), mapping(port + 1, 53, { protocol: "udp" })];
  const capabilityArgs = { portMappings, bandwidth: limits };
  return { containerId: name, ifname: "eth0", netns, config: conf, capabilityArgs, result, pod: name };
}
