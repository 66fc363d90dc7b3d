import { describe, expect, test } from "vitest";
import { plugin } from "../lib/plugins.ts";
import { exec } from "../lib/process.ts";
import { searchPath } from "../lib/tools.ts";
import { codeSpans, pages, pageText, prose } from "./markdown.ts";

/** Command lines of the tool in running text and tables: `cni-chain VERB …`. */
const spans = pages.flatMap((page) =>
  codeSpans(withoutMessages(prose(pageText(page))))
    .filter((span) => /^cni-chain [a-z-]+(?: |$)/.test(span))
    .map((span) => ({ page, span })),
);

/** Messages stand in the first column of their tables, and may begin so, too. */
function withoutMessages(text: string): string {
  return text.includes("| message |") ? text.replaceAll(/^\|(?:\\\||[^|])*\|/gm, "|") : text;
}

const verbs = [...new Set(spans.map(({ span }) => span.split(" ")[1] ?? ""))];

test("there are command lines in running text", () => {
  expect(verbs.length).toBeGreaterThan(5);
});

describe.each(verbs)("cni-chain %s", (verb) => {
  test("is a command, with the options that the pages name", async () => {
    const { exitCode, stdout } = await exec([plugin("cni-chain"), verb, "--help"], {
      env: { PATH: searchPath },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^cni-chain ${verb}\\b`, "m"));
    for (const { page, span } of spans.filter((one) => one.span.split(" ")[1] === verb)) {
      const options = span.match(/(?<= )--?[a-z][a-z-]*/g) ?? [];
      for (const option of options) expect(stdout, `${page}: ${span}`).toMatch(new RegExp(`${option}\\b`));
    }
  });
});
