/**
 * `scripts/test --long`: as many rounds as can be, for hours if need be; those of e2e/hostile and e2e/pods-against together
 * about 40 minutes on two cores that nobody else uses.
 */
const isLong = process.env["CNI_CHAIN_LONG"] === "1";

/** How often a test that repeats itself does so: a few times in every run, many times in a long one. */
export function rounds<T = number>(quick: T, long: T): T {
  return isLong ? long : quick;
}

/** Milliseconds a test may take that is done with `quick` ones at its few rounds. */
export const patience = (quick: number, long = 60 * quick): number => rounds(quick, long);
