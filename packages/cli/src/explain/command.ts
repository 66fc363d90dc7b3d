import { command } from "../command.ts";
import { Verdict } from "../failure.ts";
import { defaultCacheDir } from "../libcni/cache.ts";
import { nodeTools, requireNetAdmin } from "../node/tools.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { explain as explainPort } from "./explain.ts";
import { addressOption, parseTarget } from "./target.ts";
import { explanationText } from "./text.ts";

/** `explain`: the way of one packet to a host port; exit code 1 where it does not reach a pod. */
export const explain = command({
  examples: [
    ["explain tcp/8080", "from another host"],
    ["explain 8080 --from 127.0.0.1", "from the node itself"],
    ["explain udp/53 --from 10.88.0.7 --to 192.0.2.1", "from a pod, to one address of the node"],
  ],
  options: (yargs) =>
    yargs
      .positional("port", { type: "string", demandOption: true, describe: "tcp/8080, udp/53 or 8080" })
      .option("from", { type: "string", describe: "the client's address; default: another host's" })
      .option("to", {
        type: "string",
        describe: "the node's address that is asked; default: that of its uplink",
      })
      .option("cache-dir", { type: "string", default: defaultCacheDir, describe: "where libcni's cache is" }),
  async run({ port, from, to, cacheDir, json }, terminal) {
    const question = {
      ...parseTarget(port),
      from: addressOption("--from", from),
      to: addressOption("--to", to),
      cacheDir,
    };
    await requireNetAdmin("explain");
    const found = await explainPort(question, nodeTools());
    terminal.write(json ? jsonText(found) : `${explanationText(found, styleFor(terminal)).join("\n")}\n`);
    if (!found.delivered) throw new Verdict(1);
  },
});
