import type { PluginConf } from "../lib/cni.ts";
import type { Node } from "../lib/node.ts";
import { bandwidth, loopback, type Mapping, mapping, portmap } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import type { KnownName } from "./known-differences.ts";

/** One input that both get, on a node each. */
export interface Situation {
  readonly what: string;
  readonly iptables?: "nft" | "legacy";
  /** Default: 1.0.0, the newest that 1.1.1 knows. */
  readonly cniVersion?: string;
  readonly families?: readonly (4 | 6)[];
  readonly chained: readonly PluginConf[];
  /** What each pod asks for; a pod each. */
  readonly pods: readonly Readonly<Record<string, unknown>>[];
  /** Of each pod, a number behind it. Default: pod. */
  readonly podName?: string;
  /** What an operator has put on the node before. */
  prepare?(node: Node): Promise<void>;
  /** The differences that must be there. */
  readonly differs: readonly KnownName[];
  /** Those that depend on the machine's tools. */
  readonly mayDiffer?: readonly KnownName[];
}

export const versions = ["0.3.0", "0.3.1", "0.4.0", "1.0.0"] as const;

const ports = (...portMappings: readonly Mapping[]) => ({ portMappings });
const udp = { protocol: "udp" } as const;
const sctp = { protocol: "sctp" } as const;
const one = ports(mapping(8080, 80));

/** What portmap's rules depend on, in both kinds of iptables. */
const portmaps: readonly Situation[] = [
  {
    what: "tcp, udp and sctp",
    pods: [ports(mapping(3868, 3869, sctp), mapping(8080, 80), mapping(53, 5353, udp))],
    chained: [portmap()],
    differs: ["guard"],
  },
  {
    what: "38 ports of two protocols",
    pods: [
      ports(
        ...Array.from({ length: 31 }, (_, at) => mapping(20_000 + at, 80)),
        ...Array.from({ length: 7 }, (_, at) => mapping(20_000 + at, 53, udp)),
      ),
    ],
    chained: [portmap()],
    differs: ["guard"],
  },
  {
    what: "hostIP of every kind",
    pods: [
      ports(
        mapping(8080, 80, { hostIP: "" }),
        mapping(8081, 80, { hostIP: "0.0.0.0" }),
        mapping(8082, 80, { hostIP: "::" }),
        mapping(8083, 80, { hostIP: "192.0.2.17" }),
        mapping(8084, 80, { hostIP: "127.0.0.1" }),
        mapping(8085, 80, { hostIP: "2001:db8:1::1" }),
        mapping(8080, 81, { hostIP: "192.0.2.17" }),
      ),
    ],
    chained: [portmap()],
    differs: ["guard"],
  },
  { what: "snat false", pods: [one], chained: [portmap({ snat: false })], differs: [] },
  { what: "masqAll", pods: [one], chained: [portmap({ masqAll: true })], differs: ["guard", "masqAll"] },
  { what: "markMasqBit", pods: [one], chained: [portmap({ markMasqBit: 5 })], differs: ["guard"] },
  {
    what: "externalSetMarkChain",
    pods: [one],
    chained: [portmap({ externalSetMarkChain: "KUBE-MARK-MASQ" })],
    prepare: makeMarkChain,
    differs: ["guard"],
  },
  {
    what: "conditions",
    pods: [one],
    chained: [portmap({ conditionsV4: ["-s", "192.0.2.0/24"], conditionsV6: ["!", "-s", "2001:db8:1::2"] })],
    differs: ["guard"],
  },
  { what: "IPv4 only", families: [4], pods: [one], chained: [portmap()], differs: ["guard"] },
  { what: "IPv6 only", families: [6], pods: [one], chained: [portmap()], differs: [] },
  {
    what: "a comment longer than the kernel keeps",
    podName: "p".repeat(240),
    pods: [one],
    chained: [portmap()],
    differs: ["guard"],
  },
  { what: "no mappings", pods: [{}], chained: [portmap()], differs: [] },
  {
    what: "three pods",
    pods: [one, ports(mapping(8081, 80), mapping(53, 53, udp)), ports(mapping(8082, 80))],
    chained: [portmap()],
    differs: ["guard", "order"],
  },
];

const [ingress, egress] = [
  { ingressRate: 8_000_000, ingressBurst: 800_000 },
  { egressRate: 4_000_000, egressBurst: 400_000 },
];
const bandwidths: readonly Situation[] = [
  { what: "ingress", pods: [{ bandwidth: ingress }], differs: [] },
  { what: "egress", pods: [{ bandwidth: egress }], differs: ["owner", "secondAction"] },
  { what: "both ways", pods: [{ bandwidth: { ...ingress, ...egress } }], differs: ["owner", "secondAction"] },
  {
    what: "keys and zeros as containerd sends them",
    pods: [{ bandwidth: { IngressRate: 8e6, IngressBurst: 8e5, EgressRate: 0, EgressBurst: 0 } }],
    differs: [],
  },
  { what: "no limits", pods: [{}], differs: [] },
].map((situation) => ({
  ...situation,
  what: `bandwidth: ${situation.what}`,
  chained: [bandwidth()],
  differs: situation.differs as readonly KnownName[],
}));

const atVersions: readonly Situation[] = versions.map((cniVersion) => ({
  what: `the whole chain at CNI ${cniVersion}`,
  cniVersion,
  chained: [portmap(), bandwidth(), loopback],
  pods: [{ ...one, bandwidth: { ...ingress, ...egress } }],
  differs: ["guard", "owner", "secondAction"],
}));

export const situations: readonly Situation[] = [
  ...iptablesVariants.flatMap((iptables) =>
    portmaps.map((situation) => ({
      ...situation,
      iptables,
      what: `portmap on iptables-${iptables}: ${situation.what}`,
      mayDiffer: iptables === "legacy" ? (["ip6Check"] as const) : [],
    })),
  ),
  ...bandwidths,
  ...atVersions,
];

async function makeMarkChain(node: Node): Promise<void> {
  for (const tool of ["iptables", "ip6tables"]) {
    await node.run([`${tool}-restore`, "--noflush"], {
      stdin: "*nat\n:KUBE-MARK-MASQ - [0:0]\n-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\nCOMMIT\n",
    });
  }
}
