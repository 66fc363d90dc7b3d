/** One token of a match: a string, a word, an operator or a bracket. Neither `;`, `#`, `$` nor `\` is among them. */
const token = /\s*("[^"\\\p{Cc}]*"|[\w.:/*+@-]+|[=!<>]=|<<|>>|[<>&|^!,(){}])\s*/uy;

/**
 * Words that begin a statement or a verdict, or make one of a match; nft(8), "Verdict statement" to "Statements".
 * limit, quota and `ct count` are not here: they only decide whether a rule goes on.
 */
const notForMatches = new Set(
  `accept add comment continue counter define delete destroy dnat drop dup element flow fwd goto include jump
  last log map masquerade meter notrack queue redefine redirect reject reset return set snat synproxy tproxy
  undefine update vmap xt`.split(/\s+/),
);

const closing: Readonly<Record<string, string>> = { "{": "}", "(": ")" };

/**
 * Why a text cannot stand before a verdict as nothing but matches; undefined where it can. It is no parser of
 * nft's language: what it lets through may still be refused by nft, but cannot end the rule, act, or decide.
 */
export function matchTextProblem(text: string): string | undefined {
  if (/\p{Cc}/u.test(text)) return "control characters are not allowed";
  if (text.trim() === "") return "it is empty";
  const open: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const from = token.lastIndex;
    const found = token.exec(text)?.[1];
    if (found === undefined) return `${JSON.stringify(text.slice(from, from + 10))} is not part of any match`;
    const word = keywordsIn(found).find((keyword) => notForMatches.has(keyword));
    if (word !== undefined)
      return `${JSON.stringify(word)} is no match but acts or decides (a name is quoted)`;
    const expected = closing[found];
    if (expected !== undefined) open.push(expected);
    else if (/^[})]$/.test(found) && open.pop() !== found) return `${JSON.stringify(found)} closes nothing`;
  }
  return open.length === 0 ? undefined : `${JSON.stringify(open.at(-1))} is missing`;
}

/** The keywords nft could see in a token: its lexer takes `3accept` for `3 accept`, but knows numbers and addresses. */
function keywordsIn(text: string): readonly string[] {
  const isValue = /^("|0x[\da-f]+$|[\da-f.]*:[\da-f:.]*(\/\d+)?$)/i.test(text);
  return isValue ? [] : (text.match(/[A-Za-z_]+/g) ?? []);
}
