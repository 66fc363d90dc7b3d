/** What a container ID and a network name may be (CNI specification; libcni's check of both). */
export const identifierRule = "a letter or digit, then letters, digits, '_', '.' and '-'";

const lettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** By `identifierRule`. No regular expressions here: the first ones of a process cost it 50 µs each. */
export function isIdentifier(text: string): boolean {
  for (const character of text) {
    if (!lettersAndDigits.includes(character) && !"_.-".includes(character)) return false;
  }
  return text !== "" && lettersAndDigits.includes(text.charAt(0));
}

/** What a link may be called: libcni's check, which is the kernel's (dev_valid_name). */
export const ifnameRule = "at most 15 bytes, not '.' or '..', without '/', ':' and white space";

/** By `ifnameRule`; bytes are those of UTF-8. */
export function isIfname(text: string): boolean {
  for (const character of text) {
    if ("/:\u0085".includes(character) || character.trim() === "") return false;
  }
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= 15 && text !== "." && text !== "..";
}
