import { UsageError } from "../failure.ts";
import { parseQuantity } from "./parse-quantity.ts";

/** The capability bandwidth: bit/s and bits. A direction that is not limited is left out. */
export interface Bandwidth {
  readonly ingressRate?: number;
  readonly ingressBurst?: number;
  readonly egressRate?: number;
  readonly egressBurst?: number;
}

/** What the command line says, as it is written. */
export interface BandwidthWords {
  readonly ingressBandwidth?: string | undefined;
  readonly ingressBurst?: string | undefined;
  readonly egressBandwidth?: string | undefined;
  readonly egressBurst?: string | undefined;
}

/** Kubernetes' limits of the annotations kubernetes.io/ingress-bandwidth and egress-bandwidth, in bit/s. */
const [least, most] = [1_000n, 10n ** 15n];

/** What tbf's burst, 32 bits wide and in bytes, can hold, in bits. */
const mostBurst = (2n ** 32n - 1n) * 8n - 1n;

/** Eight full Ethernet frames, the least that plugin bandwidth chooses by itself. */
const leastBurst = 8n * 1514n * 8n;

/** Reads rates and bursts; a burst that is not given is 50 ms of its rate. Throws UsageError. */
export function parseBandwidth(words: BandwidthWords): Bandwidth {
  const ingress = direction("ingress", words.ingressBandwidth, words.ingressBurst);
  const egress = direction("egress", words.egressBandwidth, words.egressBurst);
  return {
    ...(ingress === undefined ? {} : { ingressRate: ingress.rate, ingressBurst: ingress.burst }),
    ...(egress === undefined ? {} : { egressRate: egress.rate, egressBurst: egress.burst }),
  };
}

function direction(name: "ingress" | "egress", rateWord: string | undefined, burstWord: string | undefined) {
  if (rateWord === undefined && burstWord === undefined) return undefined;
  if (rateWord === undefined) throw new UsageError(`--${name}-burst goes with --${name}-bandwidth`);
  const rate = quantity(`--${name}-bandwidth`, rateWord, "bit/s");
  if (rate < least || rate > most)
    throw new UsageError(`--${name}-bandwidth ${rateWord}: allowed is 1k to 1P bit/s`);
  const burst = burstWord === undefined ? burstFor(rate) : quantity(`--${name}-burst`, burstWord, "bit");
  if (burst < 1n || burst > mostBurst) {
    throw new UsageError(`--${name}-burst ${burstWord}: allowed is 1 to ${mostBurst} bits`);
  }
  return { rate: Number(rate), burst: Number(burst) };
}

function burstFor(rate: bigint): bigint {
  const wanted = rate / 20n;
  if (wanted < leastBurst) return leastBurst;
  return wanted > mostBurst ? mostBurst : wanted;
}

function quantity(option: string, text: string, unit: string): bigint {
  const value = parseQuantity(text);
  if (value !== undefined) return value;
  throw new UsageError(`${option} ${text}: give a number of ${unit}, as 10M, 1Gi or 500k`);
}
