import { basename, dirname } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { renderFeatureTable, type Shown } from "./feature-table.ts";

/** Prints the table of runtimes and features when the run is over, if any test of theirs was part of it. */
export default class FeatureReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const shown = tests.flatMap((test): readonly Shown[] => {
      const { feature } = test.meta();
      const runtime = basename(dirname(test.module.moduleId));
      return feature === undefined ? [] : [{ runtime, feature, state: test.result().state }];
    });
    const lines = [renderFeatureTable(shown) ?? [], ...tests.map((test) => test.meta().figures ?? [])].flat();
    if (lines.length > 0) process.stdout.write(`\n${lines.join("\n")}\n\n`);
  }
}
