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
  for (const line of text.split("\n")) {
    const [flag, chain = "", ...tokens] = splitTokens(line);
    if (flag === "-N" || flag === "-P") {
      rules = [];
      chains.push({ chain, rules });
    } else if (flag === "-A") rules.push({ tokens });
  }
  return chains;
}

/** The rules of these chains in the listing of a whole table (`iptables -S`); of one that is not there, none. */
export function parseTableListing(
  text: string,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, readonly ListedRule[]> {
  const chains = new Map<string, ListedRule[]>();
  for (const line of text.split("\n")) {
    // Most of a table is somebody else's, and not taken apart.
    const [flag, chain = ""] = line.split(" ", 2);
    if (!wanted.has(chain)) continue;
    if (flag === "-N" || flag === "-P") chains.set(chain, []);
    else if (flag === "-A") chains.get(chain)?.push({ tokens: splitTokens(line).slice(2) });
  }
  return chains;
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
    for (const [index, word] of outside.replaceAll("\t", " ").split(" ").entries()) {
      if (index > 0 && token !== undefined) tokens.push(token);
      if (index > 0) token = undefined;
      if (word !== "") token = (token ?? "") + word;
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
