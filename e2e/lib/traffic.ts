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
  /** Bits per second of the best second in a row: what the way lets through when the machine has time for it. */
  readonly best: number;
}

export interface MeasureOptions {
  readonly seconds: number;
  /** Go on, for up to 20 s in all, until a second in a row reached this many bits per second: the machine may be busy. */
  readonly until?: number;
  /** Told of every sample as it comes. */
  readonly onSample?: (bitsPerSecond: number) => void;
}

const patienceMs = 20_000;

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
    const start = await nextPoint(source);
    const points = [start];
    const samples: number[] = [];
    let last = start;
    let best = 0;
    const passed = () => last.ms - start.ms;
    while (passed() < options.seconds * 1000 || (best < (options.until ?? 0) && passed() < patienceMs)) {
      const point = await nextPoint(sink);
      samples.push(rate(last, point));
      options.onSample?.(rate(last, point));
      const secondAgo = points.findLast(({ ms }) => point.ms - ms >= 1000);
      if (secondAgo !== undefined) best = Math.max(best, rate(secondAgo, point));
      points.push(point);
      last = point;
    }
    return { samples, mean: rate(start, last), best };
  } finally {
    await Promise.all([source.stop(), sink.stop()]);
  }
}

interface Point {
  readonly ms: number;
  readonly bytes: number;
}

async function nextPoint(end: Service): Promise<Point> {
  const line = await end.line();
  if (line === undefined) throw new Error("an end of the stream ended before its time");
  return JSON.parse(line);
}

const rate = (a: Point, b: Point): number => ((b.bytes - a.bytes) * 8 * 1000) / (b.ms - a.ms);
