const space = /[ \t\n\r]*/y;
const text = /"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;
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
      if (!skip(text)) return stringEnd(json, at);
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
      if (!skip(text) && !skip(scalar)) return stringEnd(json, at);
      expects = "separator";
    }
  }
}

/** Where an unfinished string ends too early: at the end of the text; anything else is wrong where it begins. */
function stringEnd(json: string, at: number): number {
  return json[at] === '"' && !/^"(?:[^"\\]|\\.)*"/s.test(json.slice(at)) ? json.length : at;
}
