import { basename, dirname } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { renderTriedTables } from "../../lib/tried-table.ts";
import { renderFeatureTable, type Shown } from "./feature-table.ts";

/** Prints, when the run is over, the tables its tests have lines for: runtimes and features, and what was tried. */
export default class FeatureReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const shown = tests.flatMap((test): readonly Shown[] => {
      const { feature } = test.meta();
      const runtime = basename(dirname(test.module.moduleId));
      return feature === undefined ? [] : [{ runtime, feature, state: test.result().state }];
    });
    const tried = tests.map((test) => ({ file: test.module.moduleId, tried: test.meta().tried ?? [] }));
    const lines = [
      renderFeatureTable(shown) ?? [],
      ...tests.map((test) => test.meta().figures ?? []),
      renderTriedTables(tried),
    ].flat();
    if (lines.length > 0) process.stdout.write(`\n${lines.join("\n")}\n\n`);
  }
}
