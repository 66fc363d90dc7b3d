import { splitTokens } from "iptables-wrapper";
import { about, type Check } from "../check.ts";
import type { MarkUse, RuleTable } from "../facts.ts";
import type { Finding } from "../finding.ts";

/** What a rule does with bits of the packet mark. */
interface Touch {
  readonly does: "sets" | "looks at";
  readonly value: number;
  readonly mask: number;
}

/**
 * Other rules that set, clear or look at the bit by which portmap asks for masquerading, as those of kube-proxy (0x4000 for
 * masquerading, 0x8000 for dropping) or Calico (all of 0xffff0000 by default).
 */
export const marks: Check = {
  name: "marks",
  well: "nobody else uses portmap's bit of the packet mark",
  findings: ({ marks: { uses, chains }, tables }) => [
    ...different(uses),
    ...about("packet marks", tables, (all) => [
      ...uses.flatMap((use) => clashes(use, all)),
      ...chains.flatMap(({ chain, network }): Finding[] => {
        const nat = all.filter(({ table }) => table === "nat");
        const isThere = nat.some((one) => one.chains.some((other) => other.chain === chain));
        return isThere || nat.length === 0
          ? []
          : [
              {
                severity: "broken",
                what: `externalSetMarkChain ${chain} of network ${network} does not exist in table nat: every ADD with host ports fails`,
                where: chain,
                remedy: "whoever owns the chain has to make it first; or leave externalSetMarkChain out",
              },
            ];
      }),
    ]),
  ],
};

/** Each ADD would make the shared chain mark another bit. */
function different(uses: readonly MarkUse[]): Finding[] {
  if (uses.length < 2) return [];
  const each = uses.map(({ bit, networks }) => `${bit} (${networks.join(", ")})`).join(", ");
  return [
    {
      severity: "warning",
      what: `networks want different mark bits: ${each}; all share one chain, which each ADD changes for the others`,
      where: "markMasqBit",
      remedy: "give all networks the same markMasqBit",
    },
  ];
}

function clashes({ bit, networks }: MarkUse, tables: readonly RuleTable[]): Finding[] {
  const value = 2 ** bit;
  const found = tables.flatMap(({ tool, table, chains }) =>
    chains
      .filter(({ chain }) => !chain.startsWith("CNI-HOSTPORT-"))
      .flatMap(({ chain, rules }) =>
        rules.filter(isAboutMarks).flatMap((text) =>
          touches(splitTokens(text))
            .filter((touch) => clash(touch, value))
            .map(({ does }) => ({ place: `${tool} ${table} ${chain}`, does, text })),
        ),
      ),
  );
  const byPlace = Map.groupBy(found, ({ place, does }) => `${place} ${does}`);
  return [...byPlace.values()].flatMap((all): Finding[] => {
    const [first] = all;
    if (first === undefined) return [];
    const more = all.length === 1 ? "" : ` and ${all.length - 1} more like it`;
    return [
      {
        severity: "warning",
        what: `a rule ${first.does} bit ${bit} (0x${value.toString(16)}) of the packet mark, by which portmap asks for masquerading: ${first.text}${more}`,
        where: first.place,
        remedy: `set markMasqBit of network ${networks.join(", ")} to a bit nobody has, and let the pods be made anew`,
      },
    ];
  });
}

/** Few of a table's rules are: the others are not taken apart. */
const isAboutMarks = (rule: string): boolean => rule.includes("mark");

/** Setting it or clearing it, or taking it for a mark of one's own. A comparison of the whole mark with another value is none's. */
function clash({ does, value, mask }: Touch, bit: number): boolean {
  const has = (number: number) => Math.floor(number / bit) % 2 === 1;
  return does === "sets" ? has(mask) : has(mask) && has(value);
}

/** Reads targets MARK (`--set-xmark VALUE/MASK`), CONNMARK (`--restore-mark`), and match mark, as iptables lists them. */
export function touches(tokens: readonly string[]): Touch[] {
  return tokens.flatMap((token, at): Touch[] => {
    const next = tokens[at + 1] ?? "";
    switch (token) {
      case "--set-xmark":
      case "--set-mark":
        // Of target CONNMARK it is the connection's mark.
        return tokens.includes("CONNMARK") ? [] : [{ does: "sets", ...valueAndMask(next) }];
      case "--or-mark":
      case "--and-mark":
      case "--xor-mark": {
        const { value } = valueAndMask(next);
        const mask = token === "--and-mark" ? 0xffffffff - value : value;
        return [{ does: "sets", value, mask }];
      }
      case "--restore-mark": {
        const nfmask = tokens[tokens.indexOf("--nfmask") + 1];
        return [{ does: "sets", value: 0, mask: tokens.includes("--nfmask") ? Number(nfmask) : 0xffffffff }];
      }
      case "--mark":
        return tokens[at - 1] === "connmark" || tokens[at - 2] === "connmark"
          ? []
          : [{ does: "looks at", ...valueAndMask(next) }];
      default:
        return [];
    }
  });
}

function valueAndMask(text: string): { readonly value: number; readonly mask: number } {
  const [value = "0", mask = "0xffffffff"] = text.split("/");
  return { value: Number(value), mask: Number(mask) };
}
