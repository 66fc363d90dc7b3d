/** One UDP flow as conntrack(8) lists it: the packet as it came, and the packet that answers it. */
export interface Flow {
  readonly original: Direction;
  readonly reply: Direction;
}

interface Direction {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** Reads `conntrack -L`; lines that are no flow with ports are passed over. */
export function parseFlows(text: string): Flow[] {
  return text.split("\n").flatMap((line) => {
    const directions = [
      ...line.matchAll(
        /src=(?<source>\S+) dst=(?<destination>\S+) sport=(?<sourcePort>\d+) dport=(?<destinationPort>\d+)/g,
      ),
    ].map(({ groups = {} }) => ({
      source: groups["source"] ?? "",
      destination: groups["destination"] ?? "",
      sourcePort: Number(groups["sourcePort"]),
      destinationPort: Number(groups["destinationPort"]),
    }));
    const [original, reply] = directions;
    return original !== undefined && reply !== undefined ? [{ original, reply }] : [];
  });
}
