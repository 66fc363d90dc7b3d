// Runs inside a private node and starts plugins there, so that entering namespaces is in no measured time. Asked over
// HTTP on a Unix socket; ends with its standard input. Usage: bun driver.ts SOCKET
import type { Finished } from "../lib/process.ts";
import { measure, storm } from "./measure.ts";
import type { Request as Asked } from "./protocol.ts";
import { trace } from "./trace.ts";
import { weigh } from "./weigh.ts";

const [socket = ""] = process.argv.slice(2);

function run({ argv, stdin }: Extract<Asked, { kind: "run" }>): Finished {
  const { exitCode, stdout, stderr } = Bun.spawnSync([...argv], { stdin: new TextEncoder().encode(stdin) });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

async function answer(request: Asked): Promise<unknown> {
  switch (request.kind) {
    case "measure":
      return measure(request.calls);
    case "weigh":
      return weigh(request.calls);
    case "trace":
      return trace(request.calls);
    case "storm":
      return storm(request.lists, request.workers);
    case "run":
      return run(request);
  }
}

Bun.serve({
  unix: socket,
  fetch: async (request, server) => {
    server.timeout(request, 0);
    return Response.json(await answer((await request.json()) as Asked));
  },
  error: (error) => new Response(String(error.stack ?? error), { status: 500 }),
});
console.log("ready");
for await (const _ of Bun.stdin.stream());
process.exit(0);
