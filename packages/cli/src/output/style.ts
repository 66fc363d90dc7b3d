import type { Terminal } from "./terminal.ts";

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Text in a colour or weight where the terminal wants it, else as it is. */
export type Style = Readonly<Record<keyof typeof codes, (text: string) => string>>;

export function styleFor({ colour }: Pick<Terminal, "colour">): Style {
  const paint =
    ([on = 0, off = 0]: readonly number[]) =>
    (text: string) =>
      colour && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: paint(codes.bold),
    dim: paint(codes.dim),
    red: paint(codes.red),
    green: paint(codes.green),
    yellow: paint(codes.yellow),
    cyan: paint(codes.cyan),
  };
}
