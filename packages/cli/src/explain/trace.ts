import type { Hop } from "./explanation.ts";
import { hopOf } from "./hops.ts";
import type { Walk } from "./walk.ts";

type Name = Hop["name"];

/** The way so far: its hops, and what is to be said beside them. */
export class Trace {
  readonly hops: Hop[] = [];
  readonly notes: string[] = [];

  get last(): Hop | undefined {
    return this.hops.at(-1);
  }

  /** True as long as nothing has stopped the packet. */
  get isOpen(): boolean {
    return this.last?.passes !== false;
  }

  add(hop: Hop): boolean {
    this.hops.push(hop);
    return hop.passes;
  }

  /** A hop that is certain to let the packet pass. */
  passes(name: Name, text: string): true {
    this.hops.push({ name, passes: true, certain: true, text, rules: [], doubts: [] });
    return true;
  }

  /** A hop that is certain to stop it. */
  stops(name: Name, text: string, remedy?: string, rules: Hop["rules"] = []): false {
    const hop = { name, passes: false, certain: true, text, rules, doubts: [] };
    this.hops.push(remedy === undefined ? hop : { ...hop, remedy });
    return false;
  }

  /** What a hook's chains made of it; `said` of one that passes. */
  walked(name: Name, walk: Walk, said: string): boolean {
    return this.add(hopOf(name, walk, said));
  }

  /** Puts another end in the place of the last hop. */
  stopsAfterAll(text: string): void {
    const hop = this.hops.pop();
    if (hop !== undefined) this.hops.push({ ...hop, passes: false, text });
  }

  /** The last hop may end otherwise. */
  mayEndOtherwise(): void {
    const hop = this.hops.pop();
    if (hop !== undefined) this.hops.push({ ...hop, certain: false });
  }
}
