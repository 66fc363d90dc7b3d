/** Reads `nft -a list table`: the text of each rule by its handle. Chains have handles of their own, at their heads. */
export function parseRuleTexts(listing: string): ReadonlyMap<number, string> {
  const texts = new Map<number, string>();
  for (const line of listing.split("\n")) {
    const [, text = "", handle] = /^\t\t(.+) # handle (\d+)$/.exec(line) ?? [];
    if (handle !== undefined) texts.set(Number(handle), text);
  }
  return texts;
}
