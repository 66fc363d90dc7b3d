import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { flaw } from "./lib/judge.ts";
import { type Called, call, called, type Family, familyOf, pod } from "./lib/portmap-calls.ts";
import { readRestore } from "./lib/read-restore.ts";
import { tryProperty } from "./lib/try-property.ts";

// Arbitrary text in every field that holds text: whatever is taken, the tools are given the expected rules, word by
// word, and not a word more.

const own = ({ network, containerId }: Called) =>
  `CNI-DN-${createHash("sha512")
    .update(network + containerId)
    .digest("hex")}`.slice(0, 28);

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
  let taken = 0;
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
  await tryProperty(task, { what: "restore payloads read back", times: count }, property, { numRuns: count });
  expect(taken).toBeGreaterThan(count / 80);
});
