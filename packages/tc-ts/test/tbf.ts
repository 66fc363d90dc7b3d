import { bytes, bytesPerSecond, type Tbf } from "../src/index.ts";

/** A tbf of byte/s, bytes and bytes. */
export function tbf(rate: number, burst: number, limit: number): Tbf {
  return { kind: "tbf", handle: "1:", rate: bytesPerSecond(rate), burst: bytes(burst), limit: bytes(limit) };
}
