/**
 * A number as Kubernetes writes it (apimachinery, resource.Quantity): decimal, with n, u, m, k, M, G, T, P, E, or Ki, Mi, Gi,
 * Ti, Pi, Ei, or an exponent. Parts of one are rounded up, as there. undefined for anything else.
 */
export function parseQuantity(text: string): bigint | undefined {
  const [, whole = "", fraction = "", suffix = ""] =
    /^\+?(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d{1,2})?$/.exec(text) ?? [];
  if (whole + fraction === "") return undefined;
  const [up, down] = scale(suffix);
  const top = BigInt(whole + fraction) * up;
  const bottom = down * 10n ** BigInt(fraction.length);
  return (top + bottom - 1n) / bottom;
}

/** What a suffix multiplies by, and what it divides by. */
function scale(suffix: string): readonly [bigint, bigint] {
  if (suffix === "") return [1n, 1n];
  const small = ["m", "u", "n"].indexOf(suffix);
  if (small >= 0) return [1n, 1000n ** BigInt(small + 1)];
  const [first = ""] = suffix;
  const power = BigInt(["k", "m", "g", "t", "p", "e"].indexOf(first.toLowerCase()) + 1);
  if (suffix.endsWith("i")) return [1024n ** power, 1n];
  if (suffix.length === 1) return [1000n ** power, 1n];
  const exponent = Number(suffix.slice(1));
  return exponent < 0 ? [1n, 10n ** BigInt(-exponent)] : [10n ** BigInt(exponent), 1n];
}
