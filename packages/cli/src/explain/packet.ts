export type Family = "v4" | "v6";
export type Protocol = "tcp" | "udp" | "sctp";

/** A packet on its way through the node, as far as rules look at it. */
export interface Packet {
  readonly family: Family;
  readonly protocol: Protocol;
  readonly source: string;
  /** Undefined: one that the client's kernel chooses. */
  readonly sourcePort: number | undefined;
  readonly destination: string;
  readonly destinationPort: number;
  readonly inDevice: string | undefined;
  readonly outDevice: string | undefined;
  readonly mark: number;
  /** `new`: opens a connection. */
  readonly state: "new" | "established";
  /** The connection's destination, or source, has been translated. */
  readonly dnat: boolean;
  readonly snat: boolean;
}

/** What rules ask of the node besides the packet. */
export interface Surroundings {
  isLocal(address: string): boolean;
}

/** `may`: it depends on something that is not known here. */
export type Truth = "yes" | "no" | "may";

export type Test = (packet: Packet, node: Surroundings) => Truth;

/** All of them hold. One that certainly does not decides. */
export function allOf(tests: readonly Test[]): Test {
  return (packet, node) => {
    let truth: Truth = "yes";
    for (const test of tests) {
      const one = test(packet, node);
      if (one === "no") return "no";
      if (one === "may") truth = "may";
    }
    return truth;
  };
}

export function not(test: Test): Test {
  return (packet, node) => {
    const truth = test(packet, node);
    return truth === "may" ? "may" : truth === "yes" ? "no" : "yes";
  };
}

export const truth = (holds: boolean): Truth => (holds ? "yes" : "no");
