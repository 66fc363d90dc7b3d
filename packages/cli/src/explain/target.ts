import { parseAddress } from "@cni-chain/core";
import { UsageError } from "../failure.ts";
import type { Protocol } from "./packet.ts";

/** Reads `tcp/8080`, `8080/tcp` or `8080`, which is TCP. Throws UsageError. */
export function parseTarget(text: string): { readonly protocol: Protocol; readonly port: number } {
  const parts = text.toLowerCase().split("/");
  const numbers = parts.filter((part) => /^\d{1,5}$/.test(part));
  const [protocol = "tcp", ...more] = parts.filter((part) => !/^\d{1,5}$/.test(part));
  const port = Number(numbers[0]);
  const isKnown = protocol === "tcp" || protocol === "udp" || protocol === "sctp";
  if (numbers.length !== 1 || more.length > 0 || !isKnown || port < 1 || port > 65_535) {
    throw new UsageError(`${text}: give a host port as tcp/8080, udp/53 or 8080`);
  }
  return { protocol, port };
}

/** An address in its canonical spelling. Throws UsageError. */
export function addressOption(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new UsageError(`${option} ${text}: give an IP address`);
  return parsed.address;
}
