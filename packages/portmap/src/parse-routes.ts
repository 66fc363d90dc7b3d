import { ipv4Number } from "./parse-local-addresses.ts";

/** The IPv4 networks that the main table routes to one device. */
export interface Networks {
  /** Length of the shortest prefix among them, in bits; 32 where the device leads to single addresses only. */
  readonly widest: number;
  has(address: string): boolean;
}

/**
 * Reads /proc/net/route: a line a route with device, destination and mask, the numbers as the machine keeps
 * them in memory (little-endian on every machine we run on). Default routes say nothing of a device's own.
 */
export function parseRoutes(text: string, device: string): Networks {
  const routes = text.split("\n").flatMap((line) => {
    const [name, destination = "", , , , , , mask = ""] = line.split("\t");
    if (name !== device || !/[1-9A-F]/.test(mask)) return [];
    return [{ destination: littleEndian(destination), mask: littleEndian(mask) }];
  });
  const lengths = routes.map(({ mask }) => mask.toString(2).replaceAll("0", "").length);
  return {
    widest: Math.min(32, ...lengths),
    has(address) {
      const number = ipv4Number(address);
      return routes.some(({ destination, mask }) => (number & mask) >>> 0 === destination);
    },
  };
}

function littleEndian(hex: string): number {
  const bytes = hex.trim().match(/../g) ?? [];
  return Number.parseInt(bytes.toReversed().join(""), 16);
}
