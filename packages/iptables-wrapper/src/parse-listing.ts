import type { ListedRule } from "./rule.ts";

/** The chains of a listing (`iptables -S`, or the lines of `iptables-save`), in its order. */
export function parseListing(text: string): Map<string, ListedRule[]> {
  const chains = new Map<string, ListedRule[]>();
  for (const line of text.split("\n")) {
    const [flag, chain, ...tokens] = splitTokens(line);
    if (flag === undefined) continue;
    if (flag.startsWith(":")) chains.set(flag.slice(1), []);
    else if (chain === undefined) continue;
    else if (flag === "-N" || flag === "-P") chains.set(chain, []);
    else if (flag === "-A") {
      const rules = chains.get(chain);
      if (rules === undefined) chains.set(chain, [{ tokens }]);
      else rules.push({ tokens });
    }
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
