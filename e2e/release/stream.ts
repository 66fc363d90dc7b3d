import { join } from "node:path";
import type { Place } from "../lib/place.ts";
import { until } from "../lib/poll.ts";

const agent = (name: string) => join(import.meta.dirname, "..", "lib", "agents", `${name}.ts`);

/** One TCP connection that sends as much as it can. Ends with its scope. */
export interface Stream extends AsyncDisposable {
  /** Waits for bytes that were sent after now; throws if the connection has ended. */
  goesOn(): Promise<void>;
}

/** Opens a connection to `host:port`, behind which a place listens. */
export async function openStream(
  from: Place,
  to: { readonly place: Place; readonly listen: number },
  host: string,
  port: number,
): Promise<Stream> {
  const sink = to.place.start([process.execPath, agent("sink"), String(to.listen)]);
  await sink.ready();
  const source = from.start([process.execPath, agent("source"), host, String(port)]);
  await source.ready();
  let last = { ms: 0, bytes: 0 };
  let ended = false;
  const reading = (async () => {
    for (let line = await sink.line(); line !== undefined; line = await sink.line()) last = JSON.parse(line);
    ended = true;
  })();
  return {
    async goesOn() {
      // More than the buffers of both ends and the queue of the limit between them may hold.
      const enough = last.bytes + 500_000;
      const came = () => {
        if (ended) throw new Error("the connection has ended");
        return last.bytes < enough ? undefined : true;
      };
      await until(`more than ${last.bytes} bytes`, came, { withinMs: 60_000 });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([source.stop(), sink.stop(), reading]);
    },
  };
}
