import type { Style } from "../output/style.ts";
import { printable } from "../output/table.ts";
import type { Explanation, Hop, RuleLine } from "./explanation.ts";

/** The way for a person, hop by hop. */
export function explanationText(found: Explanation, style: Style): string[] {
  const { protocol, port, conclusion, delivered, certain, hops, limits, notes, problems } = found;
  const paint = delivered ? (certain ? style.green : style.yellow) : style.red;
  const limit = [
    ...(limits.ingressBitsPerSecond === null ? [] : [`${rate(limits.ingressBitsPerSecond)} into the pod`]),
    ...(limits.egressBitsPerSecond === null ? [] : [`${rate(limits.egressBitsPerSecond)} out of it`]),
  ];
  return [
    style.bold(`${protocol}/${port} at ${found.to} from ${found.from}`),
    ...hops.flatMap((hop) => hopLines(hop, style)),
    ...(limit.length === 0 ? [] : [`  limited to ${limit.join(", ")}`]),
    paint(printable(`${conclusion}${certain ? "" : ", as far as can be told"}`)),
    ...notes.map((note) => printable(`note: ${note}`)),
    ...problems.map((problem) => style.yellow(printable(`not looked at: ${problem}`))),
  ];
}

function hopLines({ name, passes, certain, text, rules, doubts, remedy }: Hop, style: Style): string[] {
  const mark = passes ? (certain ? style.green("ok  ") : style.yellow("may ")) : style.red("STOP");
  const indent = " ".repeat(19);
  return [
    `  ${mark} ${name.padEnd(12)} ${printable(text)}`,
    ...rules.map((rule) => style.dim(`${indent}${printable(ruleText(rule))}`)),
    ...doubts.map((rule) => style.yellow(`${indent}may: ${printable(ruleText(rule))}`)),
    ...(remedy === undefined ? [] : [style.cyan(`${indent}${printable(`to let it pass: ${remedy}`)}`)]),
  ];
}

function ruleText({ table, chain, number, text }: RuleLine): string {
  return `${table}: ${chain}${number === null ? "" : ` ${number}`}: ${text}`;
}

function rate(bitsPerSecond: number): string {
  const units = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"];
  const step = Math.min(
    units.length - 1,
    Math.max(0, Math.floor(Math.log10(Math.max(1, bitsPerSecond)) / 3)),
  );
  return `${Number((bitsPerSecond / 1000 ** step).toPrecision(4))} ${units[step]}`;
}
