import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import type { Attachment, ErrorDocument, ResultDocument } from "./lib/cni.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot } from "./lib/snapshot.ts";
import { mapping, Stage } from "./lib/stage.ts";

// Every document and environment here is refused with an error that names the field and the offending value,
// before anything on the node is touched.
type Type = "portmap" | "bandwidth" | "loopback";

interface Case {
  readonly what: string;
  readonly type: Type;
  readonly command?: string;
  /** Changes to a good environment and a good configuration; undefined takes a key away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly conf?: Readonly<Record<string, unknown>>;
  /** Instead of the configuration. */
  readonly stdin?: string;
  readonly code: number;
  /** What the error has to say: the field, the value. */
  readonly says: readonly string[];
}

const ports = (...mappings: unknown[]) => ({ runtimeConfig: { portMappings: mappings } });
const limits = (bandwidth: unknown) => ({ runtimeConfig: { bandwidth } });

const cases: readonly Case[] = [
  {
    what: "no CNI_CONTAINERID",
    type: "portmap",
    env: { CNI_CONTAINERID: undefined },
    code: 4,
    says: ["CNI_CONTAINERID"],
  },
  { what: "no CNI_NETNS", type: "portmap", env: { CNI_NETNS: "" }, code: 4, says: ["CNI_NETNS"] },
  { what: "no CNI_IFNAME", type: "bandwidth", env: { CNI_IFNAME: undefined }, code: 4, says: ["CNI_IFNAME"] },
  { what: "no CNI_PATH", type: "loopback", env: { CNI_PATH: undefined }, code: 4, says: ["CNI_PATH"] },
  {
    what: "an unknown command",
    type: "portmap",
    command: "REMOVE",
    code: 4,
    says: ["CNI_COMMAND", "REMOVE"],
  },
  {
    what: "a container ID with a blank",
    type: "portmap",
    env: { CNI_CONTAINERID: "web one" },
    code: 4,
    says: ["CNI_CONTAINERID", "web one"],
  },
  {
    what: "a container ID with a quote",
    type: "portmap",
    env: { CNI_CONTAINERID: 'web"' },
    code: 4,
    says: ["CNI_CONTAINERID", 'web\\"'],
  },
  {
    what: "a container ID that looks like an option",
    type: "bandwidth",
    env: { CNI_CONTAINERID: "-rf" },
    code: 4,
    says: ["CNI_CONTAINERID", "-rf"],
  },
  {
    what: "a CNI_NETNS that is not there",
    type: "loopback",
    env: { CNI_NETNS: "/run/netns/gone" },
    code: 3,
    says: ["there is no network namespace /run/netns/gone"],
  },
  {
    what: "a CNI_NETNS that is a file",
    type: "bandwidth",
    env: { CNI_NETNS: "/etc/passwd" },
    code: 3,
    says: ["there is no network namespace /etc/passwd"],
  },
  {
    what: "an interface name that is too long",
    type: "bandwidth",
    env: { CNI_IFNAME: "ethernet-number-0" },
    code: 4,
    says: ["CNI_IFNAME", "ethernet-number-0"],
  },
  {
    what: "an interface name with a slash",
    type: "loopback",
    env: { CNI_IFNAME: "a/b" },
    code: 4,
    says: ["CNI_IFNAME", "a/b"],
  },
  { what: "broken JSON", type: "portmap", stdin: '{"cniVersion": "1.0.0",', code: 6, says: [] },
  { what: "an empty standard input", type: "bandwidth", stdin: "", code: 6, says: [] },
  { what: "JSON that is no object", type: "loopback", stdin: '["net"]', code: 6, says: [] },
  {
    what: "a version from the future",
    type: "portmap",
    conf: { cniVersion: "9.0.0" },
    code: 1,
    says: ["9.0.0", "1.1.0"],
  },
  {
    what: "a version that bandwidth never had",
    type: "bandwidth",
    conf: { cniVersion: "0.2.0" },
    code: 1,
    says: ["0.2.0"],
  },
  {
    what: "CHECK at 0.3.1",
    type: "portmap",
    command: "CHECK",
    conf: { cniVersion: "0.3.1" },
    code: 1,
    says: ["CHECK", "0.3.1"],
  },
  {
    what: "a network name with quotes",
    type: "portmap",
    conf: { name: 'my "net"' },
    code: 7,
    says: ["name", 'my \\"net\\"'],
  },
  {
    what: "a network name with a newline",
    type: "portmap",
    conf: { name: "a\nb" },
    code: 7,
    says: ["name", "a\\nb"],
  },
  { what: "no network name", type: "bandwidth", conf: { name: undefined }, code: 7, says: ["name"] },
  { what: "no prevResult", type: "portmap", conf: { prevResult: undefined }, code: 7, says: ["prevResult"] },
  {
    what: "a port above 65535",
    type: "portmap",
    conf: ports(mapping(70_000, 80)),
    code: 7,
    says: ["portMappings[0].hostPort", "70000"],
  },
  {
    what: "container port 0",
    type: "portmap",
    conf: ports(mapping(8080, 80), mapping(8081, 0)),
    code: 7,
    says: ["portMappings[1].containerPort", "0"],
  },
  {
    what: "a port in quotes",
    type: "portmap",
    conf: ports({ hostPort: "8080", containerPort: 80, protocol: "tcp" }),
    code: 7,
    says: ["portMappings[0].hostPort", "8080"],
  },
  {
    what: "a protocol without ports",
    type: "portmap",
    conf: ports(mapping(8080, 80, { protocol: "icmp" })),
    code: 7,
    says: ["portMappings[0].protocol", "icmp"],
  },
  {
    what: "a hostIP that is no address",
    type: "portmap",
    conf: ports(mapping(8080, 80, { hostIP: "nonsense" })),
    code: 7,
    says: ["portMappings[0].hostIP", "nonsense"],
  },
  {
    what: "a mark bit that a mark does not have",
    type: "portmap",
    conf: { markMasqBit: 32 },
    code: 7,
    says: ["markMasqBit", "32"],
  },
  {
    what: "a mark bit beside a mark chain",
    type: "portmap",
    conf: { markMasqBit: 13, externalSetMarkChain: "KUBE-MARK-MASQ" },
    code: 7,
    says: ["externalSetMarkChain", "markMasqBit"],
  },
  {
    what: "conditions in the syntax of nft",
    type: "portmap",
    conf: { conditionsV4: ["ip", "saddr", "10.0.0.0/8"] },
    code: 7,
    says: ["conditionsV4"],
  },
  {
    what: "a backend that nobody knows",
    type: "portmap",
    conf: { backend: "ebtables" },
    code: 7,
    says: ["backend", "ebtables"],
  },
  {
    what: "an address of a pod that is none",
    type: "portmap",
    conf: { prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.0.0.300/24" }] } },
    code: 7,
    says: ["10.0.0.300/24"],
  },
  {
    what: "a rate without a burst",
    type: "bandwidth",
    conf: limits({ ingressRate: 1_000_000 }),
    code: 7,
    says: ["ingressBurst"],
  },
  {
    what: "a burst without a rate",
    type: "bandwidth",
    conf: limits({ egressBurst: 1_000_000 }),
    code: 7,
    says: ["egressRate"],
  },
  {
    what: "a negative rate",
    type: "bandwidth",
    conf: limits({ ingressRate: -5, ingressBurst: 1_000_000 }),
    code: 7,
    says: ["ingressRate", "-5"],
  },
  {
    what: "a rate in words",
    type: "bandwidth",
    conf: limits({ egressRate: "10M", egressBurst: 1_000_000 }),
    code: 7,
    says: ["egressRate", "10M"],
  },
];

describe("a bad call is refused before anything is touched", () => {
  let stage: Stage;
  let attachment: Attachment;
  let prevResult: ResultDocument;

  beforeAll(async () => {
    stage = await Stage.set({ cniVersion: "1.0.0", chained: [] });
    ({ attachment, result: prevResult } = await stage.add("web"));
  });
  afterAll(() => stage.node.close());

  const call = ({ type, command = "ADD", env, conf, stdin }: Case) => {
    const good = {
      cniVersion: "1.0.0",
      name: "net",
      type,
      ...(type === "portmap" ? ports(mapping(8080, 80)) : {}),
      ...(type === "bandwidth" ? limits({ ingressRate: 1e6, ingressBurst: 1e6 }) : {}),
      prevResult,
    };
    return callPlugin(stage.node, {
      binary: plugin(type),
      env: { ...pluginEnv(command, attachment, plugins), ...env },
      stdin: stdin ?? { ...good, ...conf },
    });
  };

  test.each(cases)("$type: $what", async (bad) => {
    const before = await takeSnapshot(stage.node);
    const answer = await call(bad);
    expect(answer.exitCode).toBe(1);
    const { code, msg, details = "" } = answer.json as ErrorDocument;
    expect(code, msg).toBe(bad.code);
    const said = JSON.stringify(`${msg}\n${details}`);
    const unescaped = `${msg}\n${details}`;
    for (const word of bad.says) {
      expect(said.includes(word) || unescaped.includes(word), `${unescaped}\nshould say ${word}`).toBe(true);
    }
    expect(msg).not.toContain("\n");
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
  });

  test("all problems of a document are told at once", async () => {
    const both = ports(mapping(70_000, 80), mapping(8080, 80, { protocol: "icmp" }));
    const answer = await call({ what: "", type: "portmap", conf: both, code: 7, says: [] });
    expect(answer.stdout).toContain("portMappings[0].hostPort");
    expect(answer.stdout).toContain("portMappings[1].protocol");
  });

  test.each(["portmap", "bandwidth"] as const)(
    "%s: ADD in the node's own namespace is refused",
    async (type) => {
      const before = await takeSnapshot(stage.node);
      const env = { CNI_NETNS: "/proc/self/ns/net" };
      const answer = await call({ what: "", type, env, code: 8, says: [] });
      expect(answer.json).toMatchObject({ code: 8 });
      expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
    },
  );

  test.each(["portmap", "bandwidth"] as const)(
    "%s: DEL, which does without it, succeeds though CNI_NETNS cannot be looked at",
    async (type) => {
      await stage.node.run(["ln", "-sfn", "/run/round", "/run/round"]);
      const env = { CNI_NETNS: "/run/round" };
      const answer = await call({ what: "", type, command: "DEL", env, code: 0, says: [] });
      expect(answer.exitCode, answer.stdout).toBe(0);
      expect(answer.stdout).toBe("");
    },
  );

  test.each(["portmap", "bandwidth", "loopback"] as const)(
    "%s: DEL succeeds though its configuration is bad, so that a runtime gets rid of the pod",
    async (type) => {
      const conf = { ...ports(mapping(70_000, 80)), ...limits({ ingressRate: -1 }), prevResult: undefined };
      const answer = await call({ what: "", type, command: "DEL", conf, code: 0, says: [] });
      expect(answer.exitCode, answer.stdout).toBe(0);
      expect(answer.stdout).toBe("");
    },
  );
});
