/** Most brackets open at a time. In text that is no JSON it may be anything, but a parser gets no deeper. */
export function jsonDepth(text: string): number {
  const sign = /["[\]{}]/g;
  let [open, most] = [0, 0];
  for (let found = sign.exec(text); found !== null; found = sign.exec(text)) {
    const [character] = found;
    if (character === '"') sign.lastIndex = stringEnd(text, found.index + 1) ?? text.length;
    else if (character === "[" || character === "{") most = Math.max(most, ++open);
    else open -= 1;
  }
  return most;
}

/** Where the text goes on behind the string that holds this place; undefined if the string has no end. */
export function stringEnd(text: string, start: number): number | undefined {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (at - backslashes > start && text[at - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
  return undefined;
}
