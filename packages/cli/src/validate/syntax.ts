/**
 * What is wrong at the offset where a text stops being JSON, in the words of somebody who wrote it by hand;
 * undefined for the end of a text that only ends too early.
 */
export function syntaxError(text: string, offset: number): string | undefined {
  if (text.trim() === "") return "the document is empty: expected JSON";
  const rest = text.slice(offset);
  const before = text.slice(0, offset).trimEnd();
  const last = before.at(-1);
  if (rest === "") return undefined;
  if (rest.startsWith("\ufeff"))
    return "the text begins with a byte order mark; save it as UTF-8 without one";
  if (/^(?:\/\/|\/\*|#)/.test(rest)) return "JSON has no comments; take this one out";
  if (/^[}\]]/.test(rest) && last === ",") return `trailing comma before "${rest[0]}"; take it out`;
  if (rest.startsWith("'")) return "strings stand in double quotes";
  if (before !== "" && complete(before)) return `unexpected ${start(rest)} behind the document`;
  if (/^["{[\w-]/.test(rest) && /["}\]\w]$/.test(before)) {
    const isKey = openBrackets(before)[0] === "{" && /[{,]\s*"(?:[^"\\]|\\.)*"$/.test(before);
    return `a ${isKey ? "colon" : "comma"} is missing before ${start(rest)}`;
  }
  if (/^[A-Za-z_$][\w$-]*\s*:/.test(rest))
    return `keys stand in double quotes: "${/^[\w$-]+/.exec(rest)?.[0]}"`;
  if (/^(?:True|False|None|yes|no|on|off)\b/i.test(rest)) {
    return `${start(rest)} is no JSON; there is true, false and null`;
  }
  if (rest.startsWith('"')) return "a string with a line break or control character, or a bad escape, in it";
  return `unexpected ${start(rest)}`;
}

function start(rest: string): string {
  return JSON.stringify(/^[\w.$-]+|^"[^"\n]{0,20}"?|^[\s\S]/.exec(rest)?.[0] ?? "");
}

function complete(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The brackets that are open at the end of a text, the innermost first. */
export function openBrackets(text: string): string[] {
  const stack: string[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === "{" || token === "[") stack.unshift(token);
    else if (token === "}" || token === "]") stack.shift();
  }
  return stack;
}
