/** The number, where the kernel can take it. Throws RangeError on one that is not whole, below 1 or above `most`. */
export function whole(value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new RangeError(`expected a whole number from 1 to ${most}: ${value}`);
}

/** What a tbf and a filter may hold, struct tc_tbf_qopt and struct tcmsg. */
export const most = { rate: 2 ** 61, size: 2 ** 32 - 1, preference: 0xffff } as const;
