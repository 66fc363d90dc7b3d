/**
 * Reads a document that `ip -j` or `tc -j` has printed. Names and aliases of links are written as they are but for quotes and
 * backslashes, and anybody who has a network namespace gives them: control characters stand there unescaped, and an apostrophe
 * has a backslash before iproute2 6.0. Neither is JSON. Throws SyntaxError on what no release writes.
 */
export function parseIproute2Json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Line ends alone are escaped as they should be.
    return JSON.parse(text.replace(/\\.|(?!\n)\p{Cc}/gsu, mended));
  }
}

function mended(found: string): string {
  if (found === "\\'") return "'";
  return found.length > 1 ? found : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
