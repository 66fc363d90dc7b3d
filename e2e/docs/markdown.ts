import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export const root = join(import.meta.dirname, "..", "..");

/** Every page that is kept by hand or made: paths from the top of the repository. */
export const pages: readonly string[] = globSync("**/*.md", {
  cwd: root,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist|\.tools|\.git|\.changeset)$/.test(path),
}).sort();

export function pageText(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

export interface Fence {
  readonly page: string;
  /** Of its first line of content, from 1. */
  readonly line: number;
  readonly language: string;
  /** The words behind the language. */
  readonly marks: readonly string[];
  readonly text: string;
}

/** The fenced blocks of a page, in their order. */
export function fences(page: string, text = pageText(page)): readonly Fence[] {
  const found: Fence[] = [];
  let open: { info: string; line: number; lines: string[] } | undefined;
  for (const [at, line] of text.split("\n").entries()) {
    const [, info] = /^```(.*)$/.exec(line) ?? [];
    if (info === undefined) open?.lines.push(line);
    else if (open === undefined) open = { info, line: at + 2, lines: [] };
    else {
      const [language = "", ...marks] = open.info.split(/\s+/);
      found.push({ page, line: open.line, language, marks, text: open.lines.join("\n") });
      open = undefined;
    }
  }
  return found;
}

/** A page without its fenced blocks. */
export function prose(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function tables(text: string): readonly Table[] {
  const found: { header: string[]; rows: string[][] }[] = [];
  let above = "";
  let open = false;
  for (const line of text.split("\n")) {
    if (/^\|[\s:|-]+\|$/.test(line) && above.startsWith("|")) {
      found.push({ header: cells(above), rows: [] });
      open = true;
    } else if (open && line.startsWith("|")) found.at(-1)?.rows.push(cells(line));
    else open = false;
    above = line;
  }
  return found;
}

function cells(line: string): string[] {
  return line
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll("\\|", "|").trim());
}

/** What stands between backticks, of each as many as it began with. */
export function codeSpans(text: string): readonly string[] {
  return [...text.matchAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g)].map(([, , span = ""]) => span.trim());
}

/** Anchors of a page's headings, as the usual viewers make them. */
export function anchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const found = [...prose(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  return new Set(found);
}

export interface Link {
  readonly page: string;
  readonly target: string;
  /** The file it leads to, from the top of the repository. */
  readonly file: string;
  readonly anchor: string;
}

/** The relative links of a page, those in code left out. */
export function relativeLinks(page: string): readonly Link[] {
  const text = prose(pageText(page)).replaceAll(/(`+)[^\n]*?\1/g, "");
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor = ""] = target.split("#");
      const file = path === "" ? page : relative(root, join(root, dirname(page), path));
      return { page, target, file, anchor };
    });
}
