/**
 * The lines of a batch as iproute2 splits them (getcmdline and makeargs of lib/utils.c): `#` begins a comment, wherever it
 * stands; a backslash joins lines; quotes count at the beginning of a word alone, and know no escape. Empty lines are none.
 */
export function readBatch(text: string): string[][] {
  if (!text.endsWith("\n")) throw new Error(`does not end with a line: ${JSON.stringify(text.slice(-80))}`);
  const lines = text.slice(0, -1).split("\n");
  return lines.map((line) => {
    if (/#|\\$|\0/.test(line))
      throw new Error(`a line that iproute2 would cut or join: ${JSON.stringify(line)}`);
    const words = wordsOf(line);
    if (words.length === 0) throw new Error("an empty line");
    return words;
  });
}

function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (let at = 0; ; ) {
    while (at < line.length && " \t\r".includes(line.charAt(at))) at += 1;
    if (at >= line.length) return words;
    const quote = line.charAt(at);
    if (quote === '"' || quote === "'") {
      const end = line.indexOf(quote, at + 1);
      if (end < 0) throw new Error(`a quote without end: ${line}`);
      words.push(line.slice(at + 1, end));
      at = end + 1;
    } else {
      const end = line.slice(at).search(/[ \t\r]/);
      words.push(end < 0 ? line.slice(at) : line.slice(at, at + end));
      at = end < 0 ? line.length : at + end + 1;
    }
  }
}

/** A change as the words of a batch mean it: what is done, and each of its values by its key word. */
export interface Meant {
  readonly do: string;
  readonly [value: string]: unknown;
}

const keyed: Readonly<Record<string, readonly (readonly [word: string, key: string])[]>> = {
  "link add": [
    ["name", "name"],
    ["mtu", "mtu"],
    ["txqueuelen", "txqlen"],
    ["type", "kind"],
  ],
  "link set": [
    ["dev", "name"],
    ["mtu", "mtu"],
    ["txqueuelen", "txqlen"],
    ["alias", "alias"],
  ],
  "link delete": [["dev", "name"]],
  "link show": [["dev", "name"]],
  "addr show": [["dev", "name"]],
  "qdisc show": [["dev", "device"]],
  "filter show": [["dev", "device"]],
  "qdisc replace": [
    ["dev", "device"],
    ["handle", "handle"],
    ["rate", "rate"],
    ["burst", "burst"],
    ["limit", "limit"],
  ],
  "qdisc add": [["dev", "device"]],
  "qdisc delete": [
    ["dev", "device"],
    ["handle", "handle"],
  ],
  "filter add": [
    ["dev", "device"],
    ["protocol", "protocol"],
    ["prio", "preference"],
    ["flowid", "classId"],
  ],
  "filter delete": [
    ["dev", "device"],
    ["protocol", "protocol"],
    ["prio", "preference"],
    ["handle", "handle"],
  ],
};

/** What stands behind a filter's flowid, and nothing else may. */
const redirect = ["action", "mirred", "egress", "redirect", "dev"];

/**
 * The words of a line as the change that `ip` or `tc` would make of them. Throws on a word that is neither a key word, a
 * value nor one of those that stand alone.
 */
export function meaningOf([object = "", verb = "", ...rest]: readonly string[]): Meant {
  const names = new Map(keyed[`${object} ${verb}`]);
  if (names.size === 0) throw new Error(`not a command of ours: ${object} ${verb}`);
  const meant: Record<string, unknown> = {};
  const alone: string[] = [];
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? "";
    const key = names.get(word);
    if (redirect.every((one, index) => rest[at + index] === one)) {
      meant["target"] = rest[at + redirect.length];
      at += redirect.length;
    } else if (key !== undefined && !(key in meant)) {
      at += 1;
      if (at >= rest.length) throw new Error(`${word} without a value`);
      meant[key] = rest[at];
    } else alone.push(word);
  }
  return { do: `${object} ${verb}`, ...meant, ...(alone.length === 0 ? {} : { alone: alone.join(" ") }) };
}
