import type { TaskMeta } from "vitest";
import type { Feature } from "./feature-table.ts";

declare module "vitest" {
  interface TaskMeta {
    /** What the test shows of a runtime, whose name is that of the test file's folder. */
    feature?: Feature;
    /** Lines to print below the table of features. */
    figures?: readonly string[];
  }
}

/** Options of a test that shows a feature: its outcome goes into the table at the end of the run. */
export const shows = (feature: Feature): { readonly meta: TaskMeta } => ({ meta: { feature } });
