import type { Answer } from "./in-process.ts";

/** Codes a hostile document may be answered with; 999 would be a fault of the plugin's own. */
const codes = new Set([1, 3, 4, 5, 6, 7, 8, 11, 50, 51, 100, 101, 102]);

/** What is wrong with an answer, whatever the question was; undefined for a good one. */
export function flaw({ exitCode, stdout, stderr }: Omit<Answer, "tools">): string | undefined {
  if (/^\s+at .+:\d+/m.test(stdout + stderr) || /\bpanic\b|Bun v/.test(stderr))
    return `a stack trace: ${stdout}${stderr}`;
  if (exitCode === 0 && stdout === "") return undefined;
  let document: unknown;
  try {
    document = JSON.parse(stdout);
  } catch {
    return `standard output is not one JSON document: ${JSON.stringify(stdout.slice(0, 200))}`;
  }
  if (typeof document !== "object" || document === null) return `no object: ${stdout}`;
  if (exitCode === 0) return "code" in document ? "an error with exit code 0" : undefined;
  if (exitCode !== 1) return `exit code ${exitCode}`;
  if (!("code" in document) || typeof document.code !== "number") return `no error document: ${stdout}`;
  if (!codes.has(document.code)) return `code ${document.code}: ${stdout.slice(0, 300)}`;
  if (!("msg" in document) || typeof document.msg !== "string" || document.msg === "")
    return "an error without words";
  return /\n/.test(document.msg) ? "a message of several lines" : undefined;
}

/** An oracle of its own, smaller than the schema: true where ADD has to refuse the document for sure. */
export function isNonsense(text: string): boolean {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return true;
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) return true;
  // Keys are read without regard to case, the last one counts.
  const fields = new Map(
    Object.entries(document).map(([key, value]) => [key.toLowerCase(), value as unknown]),
  );
  const version = fields.get("cniversion") ?? "";
  if (version !== "" && !/^(0\.[1234]\.0|0\.3\.1|1\.[01]\.0)$/.test(String(version))) return true;
  const name = fields.get("name");
  return typeof name !== "string" || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name);
}
