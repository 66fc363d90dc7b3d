import type { Row } from "./rows.ts";
import type { Spread } from "./statistics.ts";

/** Three significant digits, as a person writes them: 0.042, 1.25, 31.4, 1,089. */
export function digits(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 4 : 3 });
}

/** Two significant digits below one, two places above. */
export function ratio(value: number): string {
  return value.toLocaleString(
    "en",
    Math.abs(value) < 1 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 2 },
  );
}

/** Quartiles of ratios. */
export const between = ({ lower, upper }: Spread): string => `${ratio(lower)}–${ratio(upper)}`;

/** Mebibytes. */
export const mebibytes = (bytes: number): string => digits(bytes / 2 ** 20);

/** One value a side. */
export const versus = (ours: number, reference: number): string => `${digits(ours)} : ${digits(reference)}`;

/** What a line of the table is about. */
export const labelOf = ({ name, operation }: Pick<Row, "name" | "operation">): string =>
  `${name} ${operation}`;
