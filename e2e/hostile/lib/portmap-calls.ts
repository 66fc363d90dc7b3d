import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { callInProcess } from "./in-process.ts";
import { nastyTexts } from "./mutate.ts";

/** Any text, mostly what should not be. */
export const nasty = fc.oneof(
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string(),
);
/** The one a dozen times as often as the other, so that some calls are taken. */
export const mostly = <T, U>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<U>) =>
  fc.oneof({ arbitrary: good, weight: 12 }, { arbitrary: bad, weight: 1 });

const port = fc.integer({ min: 1, max: 65535 });
const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,40}$/);
const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();

const mapping = fc.record(
  {
    hostPort: port,
    containerPort: port,
    protocol: mostly(fc.constantFrom("tcp", "UDP", "sctp"), nasty),
    hostIP: mostly(fc.oneof(fc.constant(""), ipv4, ipv6), nasty),
    name: nasty,
  },
  { requiredKeys: ["hostPort", "containerPort", "protocol"] },
);

const words = fc.array(nasty, { maxLength: 4 });
/** What portmap can be called with, any text where text may stand. */
export const called = fc.record({
  network: mostly(name, nasty),
  containerId: mostly(name, nasty),
  ifname: mostly(fc.stringMatching(/^[a-z0-9]{1,15}$/), nasty),
  conf: fc.record(
    {
      snat: fc.boolean(),
      masqAll: fc.boolean(),
      markMasqBit: fc.integer({ min: 0, max: 31 }),
      externalSetMarkChain: mostly(fc.stringMatching(/^[A-Z][A-Z-]{0,27}$/), nasty),
      conditionsV4: mostly(
        words.map((more) => ["!", "-d", ...more]),
        words,
      ),
      conditionsV6: mostly(
        words.map((more) => ["-m", "comment", "--comment", ...more]),
        words,
      ),
      $schema: nasty,
      args: fc.dictionary(nasty, nasty),
      capabilities: fc.dictionary(nasty, fc.boolean()),
    },
    { requiredKeys: [] },
  ),
  portMappings: fc.array(mapping, { minLength: 1, maxLength: 20 }),
  interfaces: fc.array(fc.record({ name: nasty, mac: nasty, sandbox: nasty }), { maxLength: 2 }),
  dns: nasty,
});

export interface Called {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
  readonly conf: {
    readonly snat?: boolean;
    readonly masqAll?: boolean;
    readonly markMasqBit?: number;
    readonly externalSetMarkChain?: string;
    readonly conditionsV4?: readonly string[];
    readonly conditionsV6?: readonly string[];
  };
  readonly portMappings: readonly {
    readonly hostPort: number;
    readonly containerPort: number;
    readonly protocol: string;
    readonly hostIP?: string;
  }[];
}

export type Family = "v4" | "v6";
/** The container's addresses. */
export const pod = { v4: "10.0.0.2", v6: "fd00::2" } as const;

/** An ADD in this process. */
export function call(given: Called & { interfaces: unknown; dns: string }, backend: "iptables" | "nftables") {
  const { network, containerId, ifname, conf, portMappings, interfaces, dns } = given;
  const ips = [{ address: `${pod.v4}/24` }, { address: `${pod.v6}/64` }];
  const prevResult = { cniVersion: "1.0.0", interfaces, ips, dns: { domain: dns, search: [dns] } };
  const document = {
    cniVersion: "1.0.0",
    name: network,
    type: "portmap",
    backend,
    ...conf,
    runtimeConfig: { portMappings },
    prevResult,
  };
  const env = {
    CNI_COMMAND: "ADD",
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: ifname,
    CNI_NETNS: "/run/netns/x",
    CNI_PATH: "/opt/cni/bin",
  };
  return callInProcess("portmap", env, JSON.stringify(document));
}

/** Of which family a mapping is by its hostIP; undefined where that is no address. */
export const familyOf = (hostIP = ""): Family | "any" | undefined =>
  hostIP === ""
    ? "any"
    : isIPv4(hostIP) || /^::ffff:/i.test(hostIP)
      ? "v4"
      : isIPv6(hostIP)
        ? "v6"
        : undefined;
