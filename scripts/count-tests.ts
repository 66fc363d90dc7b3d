// Prints `N passed, N failed` (and `, N skipped`) from vitest's JSON report; exit code 1 if it cannot be read.
// A file that could not even be loaded has no tests to count, and counts as one failure.
import { readFileSync } from "node:fs";

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const [file = ""] = process.argv.slice(2);
const report: VitestReport = JSON.parse(readFileSync(file, "utf8"));
const notLoaded = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
).length;
const skipped = report.numPendingTests;
const failed = report.numFailedTests + notLoaded;
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
