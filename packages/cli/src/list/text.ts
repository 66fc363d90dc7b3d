import type { Owner } from "../node/owner.ts";
import type { NodeView } from "../node/read-node.ts";
import type { LimitRow, PortRow } from "../node/rows.ts";
import type { Limit } from "../node/shaping.ts";
import { countText, rateText, sizeText } from "../output/quantities.ts";
import type { Style } from "../output/style.ts";
import { type Column, printable, table } from "../output/table.ts";
import {
  hostText,
  idText,
  limitState,
  podEndpoint,
  podOrContainer,
  podText,
  portState,
  remarks,
} from "./words.ts";

/** From so many columns on, up to Infinity, there is room for containers beside pods. */
const wide = 140;

/** Whose a row is. */
function ownerColumns(width: number): readonly Column<{ readonly owner: Owner }>[] {
  const network: Column<{ readonly owner: Owner }> = {
    head: "NETWORK",
    cell: ({ owner }) => owner.network ?? "–",
    shrinks: true,
  };
  if (width < wide)
    return [{ head: "POD", cell: ({ owner }) => podOrContainer(owner), shrinks: true }, network];
  return [
    { head: "POD", cell: ({ owner }) => podText(owner), shrinks: true },
    network,
    { head: "CONTAINER", cell: ({ owner }) => idText(owner, Number.isFinite(width)) },
  ];
}

const portColumns = (width: number): readonly Column<PortRow>[] => [
  { head: "HOST PORT", cell: ({ forward }) => hostText(forward) },
  { head: "LEADS TO", cell: ({ forward }) => podEndpoint(forward) },
  ...ownerColumns(width),
  { head: "BACKEND", cell: ({ forward }) => forward.backend },
  {
    head: "CONNS",
    cell: ({ forward }) => (forward.packets === undefined ? "–" : countText(forward.packets)),
    align: "right",
  },
  { head: "STATE", cell: portState },
];

const limitColumns = (width: number): readonly Column<LimitRow>[] => [
  ...ownerColumns(width),
  { head: "DEVICE", cell: ({ shaped }) => shaped.hostDevice ?? shaped.ifb ?? "–" },
  ...directionColumns("IN", ({ shaped }) => shaped.ingress),
  ...directionColumns("OUT", ({ shaped }) => shaped.egress),
  { head: "STATE", cell: limitState },
];

function directionColumns(
  head: string,
  limitOf: (row: LimitRow) => Limit | undefined,
): readonly Column<LimitRow>[] {
  const cell = (text: (limit: Limit) => string) => (row: LimitRow) => {
    const limit = limitOf(row);
    return limit === undefined ? "–" : text(limit);
  };
  return [
    { head, cell: cell(({ rateBitsPerSecond }) => rateText(rateBitsPerSecond)), align: "right" },
    { head: "PASSED", cell: cell(({ bytes }) => sizeText(bytes)), align: "right" },
    { head: "DROPS", cell: cell(({ drops }) => countText(drops)), align: "right" },
  ];
}

/** Both tables, and below them what a person should know, as lines no wider than the terminal where they can be. */
export function listText(view: NodeView, style: Style, width: number): string[] {
  const { ports, limits, problems } = view;
  const section = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], none: string) =>
    rows.length === 0
      ? [none]
      : table(rows, columns, {
          width,
          head: style.bold,
          paint: (text, _row, column) => (column === columns.length - 1 ? painted(text, style) : text),
        }).map((line) => line.trimEnd());
  return [
    ...section(ports, portColumns(width), "No host port is forwarded."),
    "",
    ...section(limits, limitColumns(width), "No pod is limited."),
    ...block(remarks(ports, limits, Number.isFinite(width)).map(printable), (line) => painted(line, style)),
    ...block(problems.map(printable), style.red),
  ];
}

function block(lines: readonly string[], paint: (line: string) => string): string[] {
  return lines.length === 0 ? [] : ["", ...lines.map(paint)];
}

/** By how bad it is. */
function painted(text: string, style: Style): string {
  if (/^(?:unknown|wins|partly|may|disputed|moved)/.test(text)) return style.yellow(text);
  return text.startsWith("ok") ? style.green(text) : style.red(text);
}
