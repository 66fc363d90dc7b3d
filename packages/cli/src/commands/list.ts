import { command } from "../command.ts";
import { intervalMs } from "../interval.ts";
import { defaultCacheDir } from "../libcni/cache.ts";
import { changedLines, viewLines } from "../list/changes.ts";
import { listDocument } from "../list/document.ts";
import { filtered, parsePort } from "../list/filter.ts";
import { listText } from "../list/text.ts";
import { type NodeView, readNode } from "../node/read-node.ts";
import { nodeTools, requireNetAdmin } from "../node/tools.ts";
import { jsonText } from "../output/json-text.ts";
import { live } from "../output/live.ts";
import { styleFor } from "../output/style.ts";
import type { Terminal } from "../output/terminal.ts";

export const list = command({
  examples: [
    ["list", "all there is, made by these plugins or the reference's"],
    ["list --watch --pod default/web", "one pod, drawn anew every second"],
    ["list --port 8080/tcp --json", "who has this host port, for a script"],
  ],
  options: (yargs) =>
    yargs
      .option("network", { type: "string", describe: "rows of this network alone" })
      .option("pod", { type: "string", describe: "rows of this pod alone: NAME or NAMESPACE/NAME" })
      .option("port", { type: "string", describe: "rows of this host port alone: 8080 or 8080/udp" })
      .option("watch", { alias: "w", type: "boolean", default: false, describe: "stay, and look again" })
      .option("interval", { type: "number", default: 1, describe: "seconds between two looks of --watch" })
      .option("cache-dir", { type: "string", default: defaultCacheDir, describe: "where libcni's cache is" }),
  async run({ json, watch, interval, network, pod, port, cacheDir }, terminal) {
    const waitMs = intervalMs(interval);
    const filter = { network, pod, port: port === undefined ? undefined : parsePort(port) };
    await requireNetAdmin("list");
    const look = async () => filtered(await readNode(nodeTools(), cacheDir), filter);
    const view = await look();
    if (watch) await watchNode(view, look, { waitMs, json }, terminal);
    else terminal.write(json ? jsonText(listDocument(view)) : text(view, terminal));
  },
});

function text(view: NodeView, terminal: Terminal): string {
  return `${listText(view, styleFor(terminal), terminal.width).join("\n")}\n`;
}

/** On a terminal drawn anew at each look; else what is there and then what changes, or a document a line at each look. */
async function watchNode(
  first: NodeView,
  look: () => Promise<NodeView>,
  { waitMs, json }: { readonly waitMs: number; readonly json: boolean },
  terminal: Terminal,
): Promise<void> {
  const isDrawn = terminal.isTerminal && !json;
  using screen = live(terminal, isDrawn);
  let seen: ReadonlyMap<string, string> = new Map();
  for (let view = first; ; view = await look()) {
    if (json) terminal.write(jsonText(listDocument(view)));
    else if (isDrawn) screen.draw(listText(view, styleFor(terminal), terminal.width));
    else {
      const lines = viewLines(view);
      const time = new Date().toISOString();
      for (const line of changedLines(seen, lines)) terminal.write(`${time} ${line}\n`);
      seen = lines;
    }
    if ((await screen.next(waitMs)) === "quit") return;
  }
}
