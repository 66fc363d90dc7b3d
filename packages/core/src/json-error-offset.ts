import { stringEnd } from "./json-depth.ts";

const space = /[ \t\n\r]*/y;
/** One character class under a star: what an alternative there costs in memory grows with the text. */
const plain = /[[^"\\\p{Cc}]\x7f-\x9f]*/vy;
const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Offset of the first character at which the text stops being JSON; its length if it only ends too early.
 * Engines word their own message each in their way, and some leave the place out.
 */
export function jsonErrorOffset(json: string): number {
  const open: string[] = [];
  let at = 0;
  let expects: "value" | "key" | "separator" = "value";
  let mayClose = false;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const matched = pattern.exec(json)?.[0];
    at += matched?.length ?? 0;
    return matched !== undefined;
  };
  /** Moves behind a string. One that is wrong is so where it begins, but one without an end ends too early. */
  const skipText = (): boolean => {
    const start = at;
    if (json[start] !== '"') return false;
    at += 1;
    do skip(plain);
    while (skip(escaped));
    if (json[at] === '"') {
      at += 1;
      return true;
    }
    at = stringEnd(json, start + 1) === undefined ? json.length : start;
    return false;
  };
  for (;;) {
    skip(space);
    const next = json[at];
    const closes = open.at(-1) === "{" ? "}" : "]";
    if (next === undefined || (expects === "separator" && open.length === 0)) return at;
    if (next === closes && open.length > 0 && (mayClose || expects === "separator")) {
      open.pop();
      at += 1;
      expects = "separator";
    } else if (expects === "separator") {
      if (next !== ",") return at;
      at += 1;
      expects = open.at(-1) === "{" ? "key" : "value";
      mayClose = false;
    } else if (expects === "key") {
      if (!skipText()) return at;
      skip(space);
      if (json[at] !== ":") return at;
      at += 1;
      expects = "value";
      mayClose = false;
    } else if (next === "{" || next === "[") {
      open.push(next);
      at += 1;
      expects = next === "{" ? "key" : "value";
      mayClose = true;
    } else {
      if (next === '"' ? !skipText() : !skip(scalar)) return at;
      expects = "separator";
    }
  }
}
