import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Place } from "../lib/place.ts";
import type { Finished, Service } from "../lib/process.ts";
import type { Call, Measured, Request, Stormed, Traced, Weighed } from "./protocol.ts";

/** Asks a driver that runs inside a node. */
export class NodeDriver {
  readonly #process: Service;
  readonly #folder: string;

  private constructor(process: Service, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  static async start(place: Place): Promise<NodeDriver> {
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    const service = place.start([
      process.execPath,
      join(import.meta.dirname, "driver.ts"),
      join(folder, "socket"),
    ]);
    await service.ready();
    return new NodeDriver(service, folder);
  }

  measure(calls: readonly Call[]): Promise<Measured> {
    return this.#ask({ kind: "measure", calls });
  }

  weigh(calls: readonly Call[]): Promise<Weighed> {
    return this.#ask({ kind: "weigh", calls });
  }

  trace(calls: readonly Call[]): Promise<Traced> {
    return this.#ask({ kind: "trace", calls });
  }

  storm(lists: readonly (readonly Call[])[], workers: number): Promise<Stormed> {
    return this.#ask({ kind: "storm", lists, workers });
  }

  /** Runs a command in the node, whatever its exit code. */
  try(argv: readonly string[], stdin = ""): Promise<Finished> {
    return this.#ask({ kind: "run", argv, stdin });
  }

  /** Runs a command in the node that has to succeed, and gives its standard output. */
  async run(argv: readonly string[], stdin = ""): Promise<string> {
    const { exitCode, stdout, stderr } = await this.try(argv, stdin);
    if (exitCode === 0) return stdout;
    throw new Error(`${argv.join(" ")}: exit code ${exitCode}\n${stderr}`);
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    rmSync(this.#folder, { recursive: true });
  }

  async #ask<Answer>(request: Request): Promise<Answer> {
    const response = await fetch("http://node/", {
      unix: join(this.#folder, "socket"),
      method: "POST",
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(patienceMs),
    });
    if (!response.ok) throw new Error(`driver: ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}

/** Longer than any request takes: a storm beside tens of thousands of rules. */
const patienceMs = 600_000;
