import type { Packet, Surroundings } from "./packet.ts";
import { type BaseChain, chainsAt, type Hook, type Rule, type Table } from "./ruleset.ts";

/** A rule in its place. */
export interface PlacedRule {
  readonly table: string;
  readonly chain: string;
  /** From 1 on. */
  readonly number: number;
  readonly rule: Rule;
}

/** What became of a packet at a hook. */
export interface Walk {
  readonly packet: Packet;
  readonly end: "passes" | "dropped";
  /** What dropped it: a rule, or the policy of a chain. */
  readonly droppedBy?: PlacedRule | { readonly table: string; readonly chain: string; readonly policy: true };
  /** The rules that did something to it, with the jumps that led to them. */
  readonly taken: readonly PlacedRule[];
  /** Chains that were looked through from a jump, and did nothing to it. */
  readonly passed: readonly PlacedRule[];
  /** Rules that would have decided otherwise, if they took the packet: which is not known here. */
  readonly doubts: readonly PlacedRule[];
}

/** Deepest nesting of chains; the kernel's own is 16. */
const deepest = 32;

/** Leads a packet through all chains of a hook. */
export function walk(hook: Hook, chains: readonly BaseChain[], packet: Packet, node: Surroundings): Walk {
  const walker = new Walker(packet, node);
  for (const base of chainsAt(hook, chains)) {
    if (base.type === "nat" && walker.isTranslated(hook)) continue;
    const { table, chain } = base;
    const end = walker.through(table, chain, 0);
    const isOver = end === "drop" || (end === "next" && base.policy === "drop");
    if (!isOver) continue;
    const policy = { table: table.name, chain, policy: true } as const;
    return walker.result("dropped", end === "drop" ? walker.taken.at(-1) : policy);
  }
  return walker.result("passes");
}

/** `next`: the chain did not decide. */
type End = "accept" | "drop" | "next";

class Walker {
  packet: Packet;
  readonly taken: PlacedRule[] = [];
  readonly #passed: PlacedRule[] = [];
  readonly #doubts: PlacedRule[] = [];
  readonly #node: Surroundings;

  constructor(packet: Packet, node: Surroundings) {
    this.packet = packet;
    this.#node = node;
  }

  /** A connection is translated once; replies and later packets do as its first did, past all chains of type nat. */
  isTranslated(hook: Hook): boolean {
    const isSource = hook === "postrouting" || hook === "input";
    return this.packet.state === "established" || (isSource ? this.packet.snat : this.packet.dnat);
  }

  through(table: Table, chain: string, depth: number): End {
    if (depth > deepest) return "next";
    for (const [at, rule] of (table.chains.get(chain) ?? []).entries()) {
      const takes = rule.takes(this.packet, this.#node);
      if (takes === "no" || rule.verdict.kind === "none") continue;
      const placed = { table: table.name, chain, number: at + 1, rule };
      if (takes === "may" || rule.verdict.kind === "unknown") {
        this.#doubts.push(placed);
        continue;
      }
      const end = this.#obey(table, placed, depth);
      if (end !== "on") return end;
    }
    return "next";
  }

  result(end: Walk["end"], droppedBy?: Walk["droppedBy"]): Walk {
    const { packet, taken } = this;
    const found = { packet, end, taken, passed: this.#passed, doubts: this.#doubts };
    return droppedBy === undefined ? found : { ...found, droppedBy };
  }

  #obey(table: Table, placed: PlacedRule, depth: number): End | "on" {
    const { verdict } = placed.rule;
    switch (verdict.kind) {
      case "return":
        return "next";
      case "jump":
      case "goto": {
        const before = this.taken.length;
        this.taken.push(placed);
        const end = this.through(table, verdict.to, depth + 1);
        if (this.taken.length === before + 1 && end === "next") {
          this.taken.pop();
          this.#passed.push(placed);
        }
        return end === "next" && verdict.kind === "jump" ? "on" : end;
      }
      case "mark": {
        this.taken.push(placed);
        const mark = ((this.packet.mark & ~verdict.mask) ^ verdict.value) >>> 0;
        this.packet = { ...this.packet, mark };
        return "on";
      }
      case "dnat": {
        this.taken.push(placed);
        const { address = this.packet.destination, port = this.packet.destinationPort } = verdict;
        this.packet = { ...this.packet, destination: address, destinationPort: port, dnat: true };
        return "accept";
      }
      case "masquerade":
      case "snat":
        this.taken.push(placed);
        this.packet = { ...this.packet, snat: true };
        return "accept";
      case "accept":
        this.taken.push(placed);
        return "accept";
      case "drop":
      case "reject":
        this.taken.push(placed);
        return "drop";
      default:
        return "on";
    }
  }
}
