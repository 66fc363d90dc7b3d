import { command } from "../command.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { exitCodeFor } from "../doctor/finding.ts";
import { readFacts } from "../doctor/read-facts.ts";
import { reportDocument, reportLines } from "../doctor/report.ts";
import { Verdict } from "../failure.ts";
import { chainOptions, pluginDirsOf } from "../libcni/chain-options.ts";
import { jsonText } from "../output/json-text.ts";
import { progressOn } from "../output/progress.ts";
import { styleFor } from "../output/style.ts";

/** `doctor`: what is wrong on this node, and what to do about it. */
export const doctor = command({
  examples: [
    ["doctor", "every check, with a remedy for each finding"],
    ["doctor --json", "the same for a program"],
    ["doctor --conf-dir /etc/cni/net.d --plugin-dir /opt/cni/bin", "look for networks and plugins there"],
  ],
  options: (yargs) => chainOptions(yargs),
  async run(options, terminal) {
    const progress = progressOn(terminal);
    const { confDir, cacheDir } = options;
    const facts = await readFacts(
      { confDir, cacheDir, pluginDirs: pluginDirsOf(options) },
      progress.step,
    ).finally(progress.stop);
    const diagnoses = diagnose(facts);
    terminal.write(
      options.json
        ? jsonText(reportDocument(diagnoses, facts))
        : `${reportLines(diagnoses, facts, styleFor(terminal)).join("\n")}\n`,
    );
    const code = exitCodeFor(diagnoses);
    if (code !== 0) throw new Verdict(code);
  },
});
