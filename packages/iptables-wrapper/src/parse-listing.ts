import type { ListedRule } from "./rule.ts";

/** A chain of a listing, with its rules in their order. */
export interface ListedChain {
  readonly chain: string;
  readonly rules: readonly ListedRule[];
}

/** The chains of a listing (`iptables -S CHAIN`, once or several times), in its order. */
export function parseListing(text: string): ListedChain[] {
  const chains: ListedChain[] = [];
  let rules: ListedRule[] = [];
  for (const line of listedLines(text)) {
    const tokens = splitTokens(line);
    const [flag, chain = ""] = tokens;
    if (flag === "-N" || flag === "-P") {
      rules = [];
      chains.push({ chain, rules });
    } else if (flag === "-A") rules.push({ tokens: tokens.slice(2) });
  }
  return chains;
}

/** The rules of these chains in the listing of a whole table (`iptables -S`); of one that is not there, none. */
export function parseTableListing(
  text: string,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, readonly ListedRule[]> {
  const chains = new Map<string, ListedRule[]>();
  for (const line of listedLines(text)) {
    // Most of a table is somebody else's, and not taken apart.
    const [flag, chain = ""] = line.split(" ", 2);
    if (!wanted.has(chain)) continue;
    if (flag === "-N" || flag === "-P") chains.set(chain, []);
    else if (flag === "-A") chains.get(chain)?.push({ tokens: splitTokens(line).slice(2) });
  }
  return chains;
}

/**
 * The lines of what iptables prints. A comment of somebody's may hold line ends, and they are printed as they are: in
 * quotes, behind which the line goes on.
 */
export function listedLines(text: string): string[] {
  const lines: string[] = [];
  let [start, at] = [0, 0];
  let quote = text.indexOf(' "');
  while (at <= text.length) {
    const next = text.indexOf("\n", at);
    const end = next < 0 ? text.length : next;
    if (quote >= 0 && quote < at) quote = text.indexOf(' "', at);
    const closing = quote >= 0 && quote < end ? closingQuote(text, quote + 2) : -1;
    if (closing < 0) {
      lines.push(text.slice(start, end));
      start = end + 1;
    }
    at = closing < 0 ? start : closing + 1;
  }
  return lines;
}

/**
 * The first quote from here on that no backslash stands before; -1 where there is none, or none that ends a word: the
 * opening one was part of a name then, as of a chain.
 */
function closingQuote(text: string, start: number): number {
  let at = start;
  for (;;) {
    const quote = text.indexOf('"', at);
    // Looked for no further than that quote: in the whole text it would be a search of all of it for every comment.
    const backslash = quote < 0 ? -1 : text.slice(at, quote).indexOf("\\");
    if (backslash >= 0) {
      at += backslash + 2;
      continue;
    }
    return quote < 0 || [" ", "\n", ""].includes(text.charAt(quote + 1)) ? quote : -1;
  }
}

/** Splits a line at white space outside double quotes; a backslash keeps the next character inside them. */
export function splitTokens(line: string): string[] {
  const words = line.split(" ");
  if (!line.includes('"') && !line.includes("\t") && !words.includes("")) return words;
  const tokens: string[] = [];
  /** What the next piece goes on with, where no white space stands between. */
  let token: string | undefined;
  let at = 0;
  while (at < line.length) {
    const quote = line.indexOf('"', at);
    const outside = line.slice(at, quote < 0 ? line.length : quote);
    const words = (outside.includes("\t") ? outside.replaceAll("\t", " ") : outside).split(" ");
    for (let index = 0; index < words.length; index += 1) {
      if (index > 0 && token !== undefined) tokens.push(token);
      if (index > 0) token = undefined;
      if (words[index] !== "") token = (token ?? "") + words[index];
    }
    if (quote < 0) break;
    const { text, end } = quoted(line, quote + 1);
    token = (token ?? "") + text;
    at = end;
  }
  if (token !== undefined) tokens.push(token);
  return tokens;
}

/** The text from here to the closing quote, and where the line goes on behind it. */
function quoted(line: string, start: number): { readonly text: string; readonly end: number } {
  let text = "";
  let at = start;
  for (;;) {
    const quote = line.indexOf('"', at);
    const end = quote < 0 ? line.length : quote;
    const backslash = line.indexOf("\\", at);
    if (backslash < 0 || backslash >= end) return { text: text + line.slice(at, end), end: end + 1 };
    text += line.slice(at, backslash) + line.charAt(backslash + 1);
    at = backslash + 2;
  }
}
