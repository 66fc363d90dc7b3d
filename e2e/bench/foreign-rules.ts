import { containerChain } from "./names.ts";

const rulesOfService = 8;

/**
 * Rules of table nat as kube-proxy writes them, for `iptables-restore --noflush`: a service is an entry in
 * KUBE-SERVICES, a chain that spreads over two endpoints, and a chain for each endpoint.
 * @param count rules in all, rounded up to whole services
 */
export function kubeProxyRules(count: number): string {
  const services = Array.from({ length: Math.ceil(count / rulesOfService) }, (_, at) => service(at));
  return table([
    ":KUBE-SERVICES - [0:0]",
    ":KUBE-MARK-MASQ - [0:0]",
    ...services.flatMap(({ chains }) => chains.map((chain) => `:${chain} - [0:0]`)),
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
    ...services.flatMap(({ rules }) => rules),
  ]);
}

function service(at: number): { readonly chains: readonly string[]; readonly rules: readonly string[] } {
  const hash = (kind: string) => `KUBE-${kind}-${Bun.hash(`${kind}${at}`).toString(36).toUpperCase()}`;
  const [svc, one, two] = [hash("SVC"), hash("SEPA"), hash("SEPB")];
  const clusterIp = `10.96.${at >> 8}.${at & 255}/32`;
  const pod = (last: number) => `10.${244 + last}.${at >> 8}.${at & 255}`;
  const name = `--comment "default/service-${at}:http`;
  const endpoint = (chain: string, address: string) => [
    `-A ${chain} -s ${address}/32 -m comment ${name}" -j KUBE-MARK-MASQ`,
    `-A ${chain} -p tcp -m comment ${name}" -m tcp -j DNAT --to-destination ${address}:8080`,
  ];
  return {
    chains: [svc, one, two],
    rules: [
      `-A KUBE-SERVICES -d ${clusterIp} -p tcp -m comment ${name} cluster IP" -m tcp --dport 80 -j ${svc}`,
      `-A ${svc} ! -s 10.244.0.0/16 -d ${clusterIp} -p tcp -m comment ${name} cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ`,
      `-A ${svc} -m comment ${name} -> ${pod(0)}:8080" -m statistic --mode random --probability 0.50000000000 -j ${one}`,
      `-A ${svc} -m comment ${name} -> ${pod(1)}:8080" -j ${two}`,
      ...endpoint(one, pod(0)),
      ...endpoint(two, pod(1)),
    ],
  };
}

/** Other pods with one host port each, as the reference writes them; the shared chains have to be there. */
export function otherPods(count: number, network: string): string {
  const pods = Array.from({ length: count }, (_, at) => {
    const [id, port, address] = [`other-${at}`, 30_000 + at, `10.88.${200 + (at >> 8)}.${at & 255}`];
    return { id, port, address, chain: containerChain(network, id) };
  });
  return table([
    ...pods.map(({ chain }) => `:${chain} - [0:0]`),
    ...pods.map(
      ({ id, port, chain }) =>
        `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"${network}\\" id: \\"${id}\\"" -m multiport --dports ${port} -j ${chain}`,
    ),
    ...pods.flatMap(({ port, address, chain }) => [
      `-A ${chain} -s ${address}/32 -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
      `-A ${chain} -s 127.0.0.1/32 -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
      `-A ${chain} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${address}:80`,
    ]),
  ]);
}

const table = (lines: readonly string[]): string => ["*nat", ...lines, "COMMIT", ""].join("\n");
