import { printJson } from "@cni-chain/core";

/** JSON escapes what stands below 0x20 alone; these steer a terminal, too, turn a line round or cannot be seen. */
const unseen = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A document for standard output, on a line of its own; pretty over several. It reads the same, but somebody else's names steer nothing. */
export function jsonText(document: unknown, pretty = false): string {
  const text = pretty ? JSON.stringify(document, undefined, 2) : printJson(document);
  return `${text.replace(unseen, escaped)}\n`;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");
}
