import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import { isDeviceName } from "@cni-chain/netlink";
import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { noteTried } from "../lib/tried-table.ts";
import { FakeTools } from "./lib/fake-tools.ts";
import { callInProcess } from "./lib/in-process.ts";
import { flaw } from "./lib/judge.ts";
import { nastyTexts } from "./lib/mutate.ts";
import { readRestore } from "./lib/read-restore.ts";

// Arbitrary text in every field that holds text: whatever is taken, the tools are given the expected rules, word by
// word, and not a word more.

const nasty = fc.oneof(
  fc.constantFrom(...nastyTexts),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string(),
);
const mostly = <T, U>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<U>) =>
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
const called = fc.record({
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

interface Called {
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

type Family = "v4" | "v6";
const pod = { v4: "10.0.0.2", v6: "fd00::2" } as const;

function call(given: Called & { interfaces: unknown; dns: string }, backend: "iptables" | "nftables") {
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

const own = ({ network, containerId }: Called) =>
  `CNI-DN-${createHash("sha512")
    .update(network + containerId)
    .digest("hex")}`.slice(0, 28);

const familyOf = (hostIP = ""): Family | "any" | undefined =>
  hostIP === ""
    ? "any"
    : isIPv4(hostIP) || /^::ffff:/i.test(hostIP)
      ? "v4"
      : isIPv6(hostIP)
        ? "v6"
        : undefined;

/** The rules of a first ADD, as words behind the chain's name; an address is compared by its kind alone. */
function expectedRules(given: Called, family: Family): string[] {
  const { conf, portMappings } = given;
  const {
    snat = true,
    masqAll = false,
    markMasqBit = 13,
    externalSetMarkChain,
    conditionsV4 = [],
    conditionsV6 = [],
  } = conf;
  const marks = !snat
    ? []
    : masqAll
      ? [family === "v4" ? "0.0.0.0/0" : "::/0"]
      : family === "v4"
        ? [`${pod.v4}/24`, "127.0.0.1"]
        : [`${pod.v6}/64`];
  const mark = `0x${(2 ** markMasqBit).toString(16)}/0x${(2 ** markMasqBit).toString(16)}`;
  const rule = (...all: readonly string[]) => JSON.stringify(all);
  const into = ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "CNI-HOSTPORT-DNAT"];
  const rules = [rule("PREROUTING", ...into), rule("OUTPUT", ...into)];
  if (snat && externalSetMarkChain === undefined) {
    rules.push(
      rule(
        "CNI-HOSTPORT-SETMARK",
        "-m",
        "comment",
        "--comment",
        "CNI portfwd masquerade mark",
        "-j",
        "MARK",
        "--set-xmark",
        mark,
      ),
      rule("CNI-HOSTPORT-MASQ", "-m", "mark", "--mark", mark, "-j", "MASQUERADE"),
      rule(
        "POSTROUTING",
        "-m",
        "comment",
        "--comment",
        "CNI portfwd requiring masquerade",
        "-j",
        "CNI-HOSTPORT-MASQ",
      ),
    );
  }
  for (const { hostPort, containerPort, protocol, hostIP } of portMappings) {
    const of = familyOf(hostIP);
    if (of !== "any" && of !== family) continue;
    const at = isUnspecified(hostIP) ? [] : ["-d", "ADDRESS"];
    const match = [...at, "-p", protocol.toLowerCase(), "--dport", String(hostPort)];
    const to = family === "v4" ? `${pod.v4}:${containerPort}` : `[${pod.v6}]:${containerPort}`;
    for (const source of marks)
      rules.push(
        rule(own(given), "-s", source, ...match, "-j", externalSetMarkChain ?? "CNI-HOSTPORT-SETMARK"),
      );
    rules.push(rule(own(given), ...match, "-j", "DNAT", "--to-destination", to));
  }
  const whole = `dnat name: "${given.network}" id: "${given.containerId}"`;
  const comment = whole.length > 255 ? `${whole.slice(0, 253)}..` : whole;
  const ports = Map.groupBy(portMappings, ({ protocol }) => protocol.toLowerCase());
  for (const [protocol, all] of ports) {
    const numbers = [...new Set(all.map(({ hostPort }) => hostPort))];
    for (let at = 0; at < numbers.length; at += 15) {
      const list = numbers.slice(at, at + 15).join(",");
      const conditions = family === "v4" ? conditionsV4 : conditionsV6;
      rules.push(
        rule(
          "CNI-HOSTPORT-DNAT",
          "-p",
          protocol,
          "-m",
          "comment",
          "--comment",
          comment,
          "-m",
          "multiport",
          "--dports",
          list,
          ...conditions,
          "-j",
          own(given),
        ),
      );
    }
  }
  return rules.sort();
}

const isUnspecified = (hostIP = "") => hostIP === "" || /^[0:.]*$/.test(hostIP.replace(/^::ffff:/i, ""));

/** The same of what was written: each `-d ADDRESS` in front of a rule's protocol is an address, whatever its spelling. */
function writtenRules(text: string): string[] {
  return readRestore(text)
    .flatMap(({ table, lines }) => (table === "nat" ? lines : []))
    .filter(({ words: [flag] }) => flag === "-A" || flag === "-I")
    .map(({ words: [flag, chain = "", ...rest] }) => {
      const rule = flag === "-I" ? rest.slice(1) : rest;
      const at = rule.findIndex((word, index) => word === "-d" && rule[index + 2] === "-p");
      return JSON.stringify([
        chain,
        ...(at >= 0 && isAddress(rule[at + 1]) ? rule.with(at + 1, "ADDRESS") : rule),
      ]);
    })
    .sort();
}

const isAddress = (text = "") => isIPv4(text) || isIPv6(text);

test("iptables-restore is given the rules and nothing else", {
  timeout: patience(60_000, 1_200_000),
}, async ({ task }) => {
  const count = rounds(400, 50_000);
  let [taken, lost] = [0, 0];
  const property = fc.asyncProperty(called, async (given) => {
    const answer = await call(given, "iptables");
    expect(flaw(answer)).toBeUndefined();
    for (const { file, argv, stdin = "" } of answer.tools.commands) {
      if (file === "conntrack" || file === "ip") {
        for (const word of argv) expect(word).toMatch(/^[\w./:-]+$/);
        continue;
      }
      expect(argv).toEqual(["--noflush", "--wait", "20"]);
      const tables = readRestore(stdin);
      expect(tables.map(({ table }) => table)).toEqual([...new Set(tables.map(({ table }) => table))]);
      for (const { words } of tables.flatMap(({ lines }) => lines)) expect(words[0]).toMatch(/^-[SNAI]$/);
    }
    if (answer.exitCode !== 0) return;
    taken += 1;
    for (const family of ["v4", "v6"] as const) {
      const tool = family === "v4" ? "iptables-restore" : "ip6tables-restore";
      const written = answer.tools.commands.filter(
        ({ file, stdin = "" }) => file === tool && writtenRules(stdin).length > 0,
      );
      const isWanted = given.portMappings.some(({ hostIP }) =>
        ["any", family].includes(familyOf(hostIP) ?? ""),
      );
      expect(writtenRules(written.at(-1)?.stdin ?? "*nat\nCOMMIT\n")).toEqual(
        isWanted ? expectedRules(given, family) : [],
      );
    }
  });
  try {
    await fc.assert(property, { numRuns: count });
  } catch (error) {
    lost = 1;
    throw error;
  } finally {
    noteTried(task, { what: "restore payloads read back", times: count, lost });
  }
  expect(taken).toBeGreaterThan(count / 20);
});

/** What would be rules of ours, if the comment they stand in were not seen as one. */
const forged = [
  "x\n-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n",
  '"\n-N CNI-HOSTPORT-DNAT\n-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8080 -j CNI-DN-0',
  "\\\n-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE\n-P OUTPUT ACCEPT",
];

/** Comments that somebody else may have given their rules; iptables keeps any byte, and lists them as they are. */
const foreign = fc.array(
  fc
    .oneof({ arbitrary: nasty, weight: 3 }, fc.constantFrom(...forged))
    .map((comment) => [
      ...["-p", "tcp", "-m", "comment", "--comment", comment.replaceAll("\0", "")],
      ...["-m", "multiport", "--dports", "80,81", "-j", "CNI-DN-000000000000000000000"],
    ]),
  { maxLength: 4 },
);

test("rules of others stay, whatever their comments say", { timeout: patience(60_000, 1_200_000) }, async ({
  task,
}) => {
  const count = rounds(300, 10_000);
  let lost = 0;
  const property = fc.asyncProperty(foreign, async (rules) => {
    const tools = new FakeTools();
    const places = [
      ["iptables-restore", "CNI-HOSTPORT-DNAT"],
      ["iptables-restore", "POSTROUTING"],
      ["ip6tables-restore", "CNI-HOSTPORT-DNAT"],
    ] as const;
    for (const [file, chain] of places) for (const words of rules) tools.plant(file, "nat", chain, words);
    const stdin = JSON.stringify({
      cniVersion: "1.0.0",
      name: "net",
      type: "portmap",
      backend: "iptables",
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
      prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }, { address: "fd00::2/64" }] },
    });
    const env = {
      CNI_CONTAINERID: "c1",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/run/netns/x",
      CNI_PATH: "/opt/cni/bin",
    };
    for (const [command, own] of [
      ["ADD", 1],
      ["ADD", 1],
      ["DEL", 0],
    ] as const) {
      const answer = await callInProcess("portmap", { ...env, CNI_COMMAND: command }, stdin, tools);
      expect(flaw(answer) ?? answer.exitCode).toBe(0);
      for (const [file, chain] of places) {
        const left = tools.rules(file, "nat", chain);
        expect(left.filter((words) => words.at(-1) === "CNI-DN-000000000000000000000")).toEqual(rules);
        if (chain === "CNI-HOSTPORT-DNAT") expect(left).toHaveLength(rules.length + own);
      }
    }
  });
  try {
    await fc.assert(property, { numRuns: count });
  } catch (error) {
    lost = 1;
    throw error;
  } finally {
    noteTried(task, { what: "rules of others with odd comments", times: count, lost });
  }
});

/** What an nft script of ours may consist of; text stands in double quotes, which know no escapes. */
const nftLines = [
  /^add table (ip6?) cni_hostport \{ comment "CNI portmap plugin" ; \}$/,
  /^create chain ip6? cni_hostport [a-z_]+( \{ type (nat|filter) hook [a-z]+ priority -?\d+ ; \})?$/,
  /^(add|insert) rule ip6? cni_hostport (hostports_all|prerouting|output|loopback_guard) [a-z0-9_ =!/."-]+$/,
];

test("nft is given the rules and nothing else", { timeout: patience(60_000, 1_200_000) }, async ({
  task,
}) => {
  const count = rounds(400, 50_000);
  let [taken, lost] = [0, 0];
  const forNft = called.map((given) => {
    const { markMasqBit: _, externalSetMarkChain: __, ...conf } = given.conf;
    return { ...given, conf };
  });
  const conditioned = fc.tuple(
    forNft,
    fc.array(mostly(fc.constantFrom("ip saddr 10.0.0.0/8", "meta mark 1", 'iifname "a b"'), nasty), {
      maxLength: 3,
    }),
  );
  const property = fc.asyncProperty(conditioned, async ([given, conditions]) => {
    const { conditionsV4: _, conditionsV6: __, ...rest } = given.conf;
    const conf = { ...rest, conditionsV4: conditions };
    const answer = await call({ ...given, conf }, "nftables");
    expect(flaw(answer)).toBeUndefined();
    const scripts = answer.tools.commands.filter(({ file, stdin }) => file === "nft" && stdin !== undefined);
    if (answer.exitCode !== 0) return;
    taken += 1;
    for (const { stdin = "" } of scripts) {
      const family = stdin.startsWith("add table ip6") ? "v6" : "v4";
      const lines = stdin
        .trimEnd()
        .split("\n")
        .filter((line) => !nftLines.some((known) => known.test(line)));
      const mappings = given.portMappings.filter(({ hostIP }) =>
        ["any", family].includes(familyOf(hostIP) ?? ""),
      );
      const text =
        family === "v4" && conditions.length > 0
          ? ` meta length != \\d+ ${escaped(conditions.join(" "))}`
          : "";
      const id = escaped(given.containerId);
      const dnat = new RegExp(
        `^insert rule ip6? cni_hostport hostports meta length != \\d+${text}( ip6? daddr [\\da-f.:]+)? (tcp|udp|sctp) dport \\d+ dnat to [\\da-f.:[\\]]+:\\d+ comment "${id}"$`,
        "u",
      );
      const masquerade = new RegExp(
        `^add rule ip6? cni_hostport masquerading meta length != \\d+ ip6? saddr [\\da-f.:/]+ ip6? daddr [\\da-f.:]+ masquerade comment "${id}"$`,
        "u",
      );
      const marks = given.conf.snat === false ? 0 : given.conf.masqAll === true || family === "v6" ? 1 : 2;
      expect(lines.filter((line) => dnat.test(line))).toHaveLength(mappings.length);
      expect(lines.filter((line) => masquerade.test(line))).toHaveLength(marks);
      expect(lines).toHaveLength(mappings.length + marks);
    }
  });
  try {
    await fc.assert(property, { numRuns: count });
  } catch (error) {
    lost = 1;
    throw error;
  } finally {
    noteTried(task, { what: "nft scripts read back", times: count, lost });
  }
  expect(taken).toBeGreaterThan(count / 20);
});

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const opened = "route_localnet opened";
const device = fc
  .oneof(fc.constantFrom(...nastyTexts), fc.string({ unit: "binary", minLength: 1, maxLength: 15 }))
  .filter((text) => text.isWellFormed() && isDeviceName(text));

test("the guard is made for the device and nothing else", { timeout: patience(60_000, 600_000) }, async ({
  task,
}) => {
  const count = rounds(200, 20_000);
  let [taken, lost] = [0, 0];
  const property = fc.asyncProperty(device, fc.boolean(), async (name, byNft) => {
    const tools = new FakeTools({ device: name, isClosed: true });
    const document = {
      ...{ cniVersion: "1.0.0", name: "net", type: "portmap", backend: byNft ? "nftables" : "iptables" },
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
      prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] },
    };
    const env = {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/x",
      CNI_PATH: "/x",
    };
    const answer = await callInProcess("portmap", env, JSON.stringify(document), tools);
    const written = tools.commands.flatMap(({ file, stdin }) =>
      /^(iptables-restore|nft)$/.test(file) && stdin ? [stdin] : [],
    );
    const isUnwritable = byNft ? /["\p{Cc}]/u.test(name) : /\p{Cc}/u.test(name);
    if (answer.exitCode !== 0) {
      expect(isUnwritable, answer.stdout).toBe(true);
      expect(JSON.parse(answer.stdout)).toMatchObject({ code: 100 });
      expect(written.filter((text) => text.includes(opened))).toEqual([]);
      return;
    }
    taken += 1;
    const marks = byNft
      ? written.flatMap((text) => text.split("\n").filter((line) => line.includes(opened)))
      : written.flatMap((text) =>
          readRestore(text).flatMap(({ lines }) =>
            lines.filter(({ words }) => words.includes(opened)).map(({ words }) => words),
          ),
        );
    expect(marks).toEqual([
      byNft
        ? `insert rule ip cni_hostport loopback_guard iifname "${name}" ip daddr 127.0.0.0/8 drop comment "${opened}"`
        : ["-I", "CNI-HOSTPORT-LOCAL", "1", "-i", name, "-m", "comment", "--comment", opened, "-j", "DROP"],
    ]);
  });
  try {
    await fc.assert(property, { numRuns: count });
  } catch (error) {
    lost = 1;
    throw error;
  } finally {
    noteTried(task, { what: "guards for devices of odd names", times: count, lost });
  }
  expect(taken).toBeGreaterThan(count / 10);
});
