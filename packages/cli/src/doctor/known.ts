/** Something that was read of the node, or why it could not be. */
export type Known<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly why: string };

export async function attempt<T>(read: () => T | Promise<T>): Promise<Known<T>> {
  try {
    return { known: true, value: await read() };
  } catch (error) {
    return { known: false, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws why it is not known. */
export function whatIsKnown<T>(known: Known<T>): T {
  if (known.known) return known.value;
  throw new Error(known.why);
}
