import type { ListedRule } from "./rule.ts";

/** A chain of a listing, with its rules in their order. */
export interface ListedChain {
  readonly chain: string;
  readonly rules: readonly ListedRule[];
}

/** The chains of a listing (`iptables -S CHAIN`, once or several times), in its order. */
export function parseListing(text: string): ListedChain[] {
  const chains: { chain: string; rules: ListedRule[] }[] = [];
  for (const line of text.split("\n")) {
    const [flag, chain = "", ...tokens] = splitTokens(line);
    if (flag === "-N" || flag === "-P") chains.push({ chain, rules: [] });
    else if (flag === "-A") chains.at(-1)?.rules.push({ tokens });
  }
  return chains;
}

/** Splits a line at white space outside double quotes; a backslash keeps the next character inside them. */
export function splitTokens(line: string): string[] {
  const tokens: string[] = [];
  let token = "";
  let [started, quoted] = [false, false];
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quoted && character === "\\") token += line.charAt(++at);
    else if (character === '"') [quoted, started] = [!quoted, true];
    else if (!quoted && (character === " " || character === "\t")) {
      if (started) tokens.push(token);
      [token, started] = ["", false];
    } else {
      token += character;
      started = true;
    }
  }
  if (started) tokens.push(token);
  return tokens;
}
