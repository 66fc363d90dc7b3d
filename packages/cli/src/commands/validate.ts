import { command } from "../command.ts";
import { Verdict } from "../failure.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";

export const validate = command({
  examples: [
    ["validate", "everything in /etc/cni/net.d"],
    ["validate 10-mynet.conflist --strict", "one file; warnings count as errors"],
    ["validate /dev/stdin --json", "standard input; one JSON document"],
  ],
  options: (yargs) =>
    yargs
      .positional("conflist", {
        type: "string",
        array: true,
        default: ["/etc/cni/net.d"],
        describe: "files, or directories as a runtime loads them",
      })
      .option("strict", { type: "boolean", default: false, describe: "exit 1 for warnings, too" }),
  run: async ({ conflist, strict, json }, terminal) => {
    const { validateFiles } = await import("../validate/read-files.ts");
    const { count, renderJson, renderText } = await import("../validate/render.ts");
    const reports = validateFiles(conflist);
    if (json) terminal.write(jsonText(renderJson(reports)));
    else terminal.write(renderText(reports, styleFor(terminal), terminal.isTerminal, terminal.width));
    const { errors, warnings } = count(reports);
    if (errors > 0 || (strict && warnings > 0)) throw new Verdict(1);
  },
});
