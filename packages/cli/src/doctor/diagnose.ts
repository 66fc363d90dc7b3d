import { checks } from "./checks/index.ts";
import type { Facts } from "./facts.ts";
import type { Diagnosis } from "./finding.ts";

/** Makes every check; one that has found nothing says that all is well. */
export function diagnose(facts: Facts): readonly Diagnosis[] {
  return checks.flatMap(({ name, well, findings }): Diagnosis[] => {
    const found = findings(facts);
    if (found.length === 0) return [{ check: name, severity: "ok", what: well }];
    return found.map((finding) => ({ check: name, ...finding }));
  });
}
