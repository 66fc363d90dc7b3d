import { join } from "node:path";
import type { Place } from "./place.ts";
import type { Service } from "./process.ts";

export type Protocol = "tcp" | "udp";

/** What a server said: who it is, and whom it takes the client for. */
export interface Answer {
  readonly server: string;
  readonly peer: string;
}

const bun = process.execPath;
const agent = (name: string): string => join(import.meta.dirname, "agents", `${name}.ts`);

/** Starts a server (HTTP on TCP, plain datagrams on UDP) that is reachable when this returns. */
export async function serve(
  place: Place,
  name: string,
  port: number,
  protocol: Protocol = "tcp",
): Promise<Service> {
  const service = place.start([bun, agent("server"), name, protocol, String(port)]);
  await service.ready();
  return service;
}

export interface AskOptions {
  readonly protocol?: Protocol;
  /** How long to wait for an answer. Default: 3 s. A test that none comes wants less. */
  readonly timeoutMs?: number;
  /** UDP only: send from this port, so that another asking belongs to the same flow. */
  readonly sourcePort?: number;
}

/** Asks a server from somewhere; undefined if no answer comes. */
export async function ask(
  from: Place,
  host: string,
  port: number,
  options: AskOptions = {},
): Promise<Answer | undefined> {
  const { protocol = "tcp", timeoutMs = 3000, sourcePort = 0 } = options;
  const argv = [protocol, host, port, timeoutMs, sourcePort].map(String);
  const { exitCode, stdout } = await from.try([bun, agent("client"), ...argv]);
  return exitCode === 0 ? JSON.parse(stdout) : undefined;
}

export interface Throughput {
  /** Bits per second of each fifth of a second at the receiver. */
  readonly samples: readonly number[];
  /** Bits per second over all samples together. */
  readonly mean: number;
}

export interface MeasureOptions {
  readonly seconds: number;
  /** Told of every sample as it comes. */
  readonly onSample?: (bitsPerSecond: number) => void;
}

/** Sends a TCP stream from one place to a port another listens on, reached as `host:port`. Every byte counts. */
export async function measure(
  from: Place,
  to: { readonly place: Place; readonly listen: number },
  target: { readonly host: string; readonly port: number },
  options: MeasureOptions,
): Promise<Throughput> {
  const sink = to.place.start([bun, agent("sink"), String(to.listen)]);
  await sink.ready();
  const source = from.start([bun, agent("source"), target.host, String(target.port)]);
  try {
    await source.ready();
    const samples: number[] = [];
    let last: Point = { ms: 0, bytes: 0 };
    while (last.ms < options.seconds * 1000) {
      const point = await nextPoint(sink);
      const sample = rate(last, point);
      options.onSample?.(sample);
      samples.push(sample);
      last = point;
    }
    return { samples, mean: rate({ ms: 0, bytes: 0 }, last) };
  } finally {
    await Promise.all([source.stop(), sink.stop()]);
  }
}

interface Point {
  readonly ms: number;
  readonly bytes: number;
}

async function nextPoint(sink: Service): Promise<Point> {
  const line = await sink.line();
  if (line === undefined) throw new Error("the receiver ended before its time");
  return JSON.parse(line);
}

const rate = (a: Point, b: Point): number => ((b.bytes - a.bytes) * 8 * 1000) / (b.ms - a.ms);
