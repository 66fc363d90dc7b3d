import { closest, distance } from "fastest-levenshtein";

/** The known word that was probably meant; undefined where none is near, or the word is itself known. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (known.includes(word)) return undefined;
  const same = known.find((one) => bare(one) === bare(word));
  if (same !== undefined || known.length === 0) return same;
  const nearest = closest(word.toLowerCase(), known.map(bare));
  const found = known.find((one) => bare(one) === nearest);
  const most = Math.max(1, Math.floor(word.length / 3));
  return distance(word.toLowerCase(), nearest) <= most ? found : undefined;
}

/** Without case and what people put between words. */
function bare(word: string): string {
  return word.toLowerCase().replace(/[-_. ]/g, "");
}
