/** One line of iptables-restore's input, in words as the tool would split it. */
export interface RestoreLine {
  readonly text: string;
  readonly words: readonly string[];
}

export interface RestoreTable {
  readonly table: string;
  readonly lines: readonly RestoreLine[];
}

/**
 * The input of iptables-restore, read as iptables does (iptables/xshared.c): a table begins with `*NAME` and ends with
 * `COMMIT`; `#` begins a comment, `:` declares a chain. Throws on whatever has no business in what a plugin writes.
 */
export function readRestore(text: string): RestoreTable[] {
  if (!text.endsWith("COMMIT\n"))
    throw new Error(`does not end with COMMIT: ${JSON.stringify(text.slice(-80))}`);
  const tables: { table: string; lines: RestoreLine[] }[] = [];
  let open = false;
  for (const line of text.slice(0, -1).split("\n")) {
    if (line === "COMMIT") {
      if (!open) throw new Error("COMMIT outside of a table");
      open = false;
    } else if (/^\*(raw|nat)$/.test(line)) {
      if (open) throw new Error(`a table inside of another: ${line}`);
      tables.push({ table: line.slice(1), lines: [] });
      open = true;
    } else if (open && line.startsWith("-")) {
      tables.at(-1)?.lines.push({ text: line, words: wordsOf(line) });
    } else throw new Error(`a line that is neither rule nor table: ${JSON.stringify(line)}`);
  }
  if (open) throw new Error("a table without COMMIT");
  return tables;
}

/** add_param_to_argv: blanks part words outside of double quotes; a backslash inside keeps what follows. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quoted && character === "\\") {
      at += 1;
      word = (word ?? "") + line.charAt(at);
    } else if (character === '"') {
      quoted = !quoted;
      word ??= "";
    } else if (!quoted && (character === " " || character === "\t")) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quoted) throw new Error(`a quote without end: ${line}`);
  if (word !== undefined) words.push(word);
  return words;
}
