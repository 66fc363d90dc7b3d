import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { flaw } from "./lib/judge.ts";
import { call, called, familyOf, mostly, nasty } from "./lib/portmap-calls.ts";
import { tryProperty } from "./lib/try-property.ts";

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
  let taken = 0;
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
  await tryProperty(task, { what: "nft scripts read back", times: count }, property, { numRuns: count });
  expect(taken).toBeGreaterThan(count / 20);
});

const escaped = (text: string) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
