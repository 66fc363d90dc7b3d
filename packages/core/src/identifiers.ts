/** What a container ID and a network name may be (CNI specification; libcni's check of both). */
export const identifierRule = "a letter or digit, then letters, digits, '_', '.' and '-'";

export function isIdentifier(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);
}

/** What a link may be called: libcni's check, which is the kernel's (dev_valid_name). */
export const ifnameRule = "at most 15 bytes, not '.' or '..', without '/', ':' and white space";

export function isIfname(text: string): boolean {
  const bytes = new TextEncoder().encode(text).length;
  return bytes > 0 && bytes <= 15 && text !== "." && text !== ".." && !/[/:\s\u0085]/.test(text);
}
