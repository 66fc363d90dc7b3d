const steps = ["", "k", "M", "G", "T", "P", "E"];

/** Three digits and a decimal prefix: `9.65M`, `123k`, `42`. */
function scaled(value: number): string {
  let [step, rest] = [0, value];
  // What rounds up to 1000 is 1 of the next.
  while (rest >= 999.5 && step < steps.length - 1) [rest, step] = [rest / 1000, step + 1];
  const digits = step === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  const text = rest.toFixed(digits);
  return `${digits === 0 ? text : text.replace(/\.?0+$/, "")}${steps[step]}`;
}

/** Bit per second, as tc writes them: `9.65Mbit`. */
export function rateText(bitsPerSecond: number): string {
  return `${scaled(bitsPerSecond)}bit`;
}

/** Bytes, as `1.2GB`. */
export function sizeText(bytes: number): string {
  return `${scaled(bytes)}B`;
}

/** A number of things, as `42` or `1.2M`. */
export function countText(count: number): string {
  return scaled(count);
}
