/** The names the kernel takes for a link (dev_valid_name in net/core/dev.c): 1 to 15 bytes, no `/`, `:` or white space. */
export function isDeviceName(name: string): boolean {
  const bytes = new TextEncoder().encode(name).length;
  return bytes >= 1 && bytes <= 15 && name !== "." && name !== ".." && !/[/:\s\0]/.test(name);
}

/**
 * A word for a line of `ip -batch`. The batch reader knows quotes, `#` and `\` but no way to escape them, so a text
 * that holds one is refused (TypeError) rather than read as something else.
 */
export function batchWord(word: string): string {
  if (word === "" || /["'#\\]|\p{Cc}/u.test(word)) {
    throw new TypeError(`cannot stand in a batch: ${JSON.stringify(word)}`);
  }
  return word.includes(" ") ? `"${word}"` : word;
}

/** A device name for a line of `ip -batch`. Throws TypeError on a text that is none, or that a batch cannot hold. */
export function batchDevice(name: string): string {
  if (!isDeviceName(name)) throw new TypeError(`not a device name: ${JSON.stringify(name)}`);
  return batchWord(name);
}
