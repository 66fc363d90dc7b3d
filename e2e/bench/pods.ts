import { baseResult, type PodAddress } from "../lib/base-result.ts";
import type { ResultDocument } from "../lib/cni.ts";
import { hasIpv6 } from "../lib/tools.ts";
import type { NodeDriver } from "./node-driver.ts";

/** A pod with a network, as a main plugin leaves it to those chained after it. */
export interface BenchPod {
  readonly netns: string;
  readonly hostVeth: string;
  readonly addresses: readonly PodAddress[];
  /** The main plugin's result. */
  readonly result: ResultDocument;
}

const bridge = { name: "cni0", mac: "0a:58:0a:58:00:01" };

/**
 * Makes pods on a node's bridge, all by one command, since a storm needs many. Everything, hardware addresses
 * included, is told from the number, so that both nodes get the same pods.
 */
export async function makePods(
  driver: NodeDriver,
  numbers: readonly number[],
  cniVersion: string,
): Promise<readonly BenchPod[]> {
  const pods = numbers.map((number) => podOf(number, cniVersion));
  const batch = (lines: readonly string[]) => `-batch - <<'end'\n${lines.join("\n")}\nend`;
  const script = pods.flatMap((pod, at) => {
    const name = pod.netns.replace("/run/netns/", "");
    const macs = macsOf(numbers[at] ?? 0);
    return [
      `ip ${batch([
        `netns add ${name}`,
        `link add ${pod.hostVeth} address ${macs.host} type veth peer name eth0 address ${macs.pod} netns ${name}`,
        `link set ${pod.hostVeth} master ${bridge.name} up`,
      ])}`,
      `ip -n ${name} ${batch([
        ...pod.addresses.map(
          ({ family, address }) => `address add ${address} dev eth0${family === 6 ? " nodad" : ""}`,
        ),
        "link set eth0 up",
        ...pod.addresses.map(({ gateway }) => `route add default via ${gateway}`),
      ])}`,
    ];
  });
  await driver.run(["sh", "-e"], script.join("\n"));
  return pods;
}

function podOf(number: number, cniVersion: string): BenchPod {
  const [netns, hostVeth, macs] = [`/run/netns/pod${number}`, `veth${number}`, macsOf(number)];
  const addresses = podAddresses(number);
  const result = baseResult(cniVersion, {
    bridge,
    hostVeth: { name: hostVeth, mac: macs.host },
    pod: { name: "eth0", mac: macs.pod, sandbox: netns },
    addresses,
  });
  return { netns, hostVeth, addresses, result };
}

function macsOf(number: number): { readonly host: string; readonly pod: string } {
  const tail = number
    .toString(16)
    .padStart(4, "0")
    .replace(/(..)(..)/, "$1:$2");
  return { host: `0a:58:0a:01:${tail}`, pod: `0a:58:0a:02:${tail}` };
}

function podAddresses(number: number): readonly PodAddress[] {
  const v4: PodAddress = { family: 4, address: `10.88.0.${number}/24`, gateway: "10.88.0.1" };
  const v6: PodAddress = { family: 6, address: `fd00:88::${number.toString(16)}/64`, gateway: "fd00:88::1" };
  return hasIpv6() ? [v4, v6] : [v4];
}

/** The result as it is for a pod with IPv4 alone. */
export function ipv4Only(result: ResultDocument): ResultDocument {
  const isV4 = ({ address }: { readonly address: string }) => !address.includes(":");
  return {
    ...result,
    ips: (result.ips ?? []).filter(isV4),
    routes: (result.routes ?? []).filter(({ dst }) => !dst.includes(":")),
  };
}
