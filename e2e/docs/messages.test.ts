import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codeSpans, tables } from "./markdown.ts";
import { findingMessages, pluginMessages, toolMessages } from "./messages.ts";

const page = readFileSync(join(import.meta.dirname, "../../packages/docs/messages.md"), "utf8");

/** Texts of the plugins' code that nobody reads: command lines, which stand behind a message, and comments of rules. */
const noMessages = [
  /^(?:link|addr|qdisc|filter|route|send to|receive from|socket in|join group|setns|nft list) /,
  /^(?:add table|create chain|add rule|insert rule|delete rule|fib daddr|meta length|match |dnat to|tbf rate) ?/,
  /^(?:\{ type |-D -p udp|dnat name: |cni-chain host=|CNI portfwd|CNI portmap plugin|accept add comment|pref \\d)/,
];

const rows = tables(page).filter(({ header }) => header[0] === "message");
const listed = rows.flatMap(({ rows }) => rows).map(([message = ""]) => codeSpans(message).map(plain));
const onPage = listed.flat();
const inCode = [...pluginMessages(), ...toolMessages(), ...findingMessages()]
  // What --about answers.
  .filter(({ file }) => !file.endsWith("/about.ts"))
  .map(({ file, text }) => ({ file, text: plain(text) }))
  .filter(({ text }, at, all) => all.findIndex((other) => other.text === text) === at)
  .filter(({ text }) => !noMessages.some((pattern) => pattern.test(text)));

/** Whatever is put in is one thing here. */
function plain(text: string): string {
  return text.replaceAll("\n", "\\n").replaceAll("\\n", " ").replaceAll(/…+/g, "…").trim();
}

describe("the page of messages", () => {
  test("there are messages on both sides", () => {
    expect(inCode.length).toBeGreaterThan(200);
    expect(onPage.length).toBeGreaterThan(200);
  });

  test("has every message that the code can give", () => {
    const forgotten = inCode.filter(({ text }) => !onPage.includes(text));
    expect(forgotten).toEqual([]);
  });

  test("has none that the code cannot give", () => {
    const texts = new Set(inCode.map(({ text }) => text));
    expect(onPage.filter((text) => !texts.has(text))).toEqual([]);
  });

  test("has each once, with a cause and a remedy", () => {
    expect(onPage.filter((text, at) => onPage.indexOf(text) !== at)).toEqual([]);
    for (const { rows: entries } of rows) {
      for (const cells of entries) {
        expect(cells, cells[0]).toHaveLength(3);
        expect(codeSpans(cells[0] ?? "").length, cells[0]).toBeGreaterThan(0);
        expect(cells[1], cells[0]).toMatch(/\S{2}/);
        expect(cells[2], cells[0]).toMatch(/\S{2}/);
      }
    }
  });

  test("explains every code", () => {
    const source = readFileSync(join(import.meta.dirname, "../../packages/core/src/cni-error.ts"), "utf8");
    const codes = [...source.matchAll(/^ {2}(\w+): (\d+),$/gm)].map(([, name = "", code = ""]) => ({
      name,
      code,
    }));
    expect(codes.length).toBeGreaterThan(10);
    const [table] = tables(page).filter(({ header }) => header[0] === "code");
    const explained = (table?.rows ?? []).map(([code]) => code);
    expect(explained).toEqual(codes.filter(({ name }) => !neverGiven.includes(name)).map(({ code }) => code));
  });
});

/** Of the specification's codes those that no plugin of ours gives. */
const neverGiven = ["unsupportedField", "limitedConnectivity"];
