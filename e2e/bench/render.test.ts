import { expect, test } from "vitest";
import { renderChart } from "./chart.ts";
import { withBench } from "./readme.ts";
import { renderHeadline, renderMarkdown } from "./render-markdown.ts";
import { type Report, renderFooter, renderHeader, renderRow, renderTitles } from "./render-text.ts";
import type { Row } from "./rows.ts";

const even = (value: number) => ({ lower: value * 0.9, median: value, upper: value * 1.1 });

const slow: Row = {
  name: "loopback",
  operation: "ADD",
  unit: "ms",
  pairs: 15,
  ours: even(12),
  reference: even(3),
  ratio: even(4),
  cpuRatio: even(5),
  anatomy: {
    ours: { peakBytes: 36 * 2 ** 20, processes: 2, transactions: 8 },
    reference: { peakBytes: 4 * 2 ** 20, processes: 1, transactions: 4 },
  },
  target: 2.5,
  headline: true,
};
const fast: Row = {
  ...slow,
  name: "portmap <1 & 2>",
  ratio: even(0.042),
  reference: even(1234.5),
  target: 0.05,
};
const minor: Row = { ...slow, name: "minor", headline: false };
const growth: Row = { ...fast, name: "growth", unit: "ms per 1,000 rules" };

const report: Report = {
  about: {
    date: "2026-01-02",
    kernel: "6.1.0",
    iptables: "1.8.9",
    cores: 2,
    processor: "Abacus",
    ours: "cni-chain 9.9",
    reference: "containernetworking/plugins 8.8",
    sizes: [{ plugin: "portmap", ours: 100 * 2 ** 20, reference: 2 * 2 ** 20 }],
  },
  rows: [slow, fast, minor, growth],
};

test("the header says where, when and with what", () => {
  const header = renderHeader(report.about);
  for (const word of ["2026-01-02", "6.1.0", "1.8.9", "2 cores", "Abacus", "9.9", "8.8"]) {
    expect(header).toContain(word);
  }
});

test("a row of the table marks a target that is missed, and only that", () => {
  expect(renderRow(slow)).toMatch(
    /^loopback ADD +15 +12 : 3 +4 +3\.6–4\.4 +≤ 2\.5 ! +5 +36 : 4 +2 : 1 +8 : 4$/,
  );
  expect(renderRow(fast)).toMatch(/12 : 1,235 +0\.042 +0\.038–0\.046 +≤ 0\.05 +5/);
});

test("columns stand below their titles", () => {
  const ends = ["ratio", "target", "processes"].map((title) => renderTitles().indexOf(title) + title.length);
  const row = renderRow(fast);
  expect(ends.map((end) => row.slice(0, end).split(/ {2,}/).at(-1))).toEqual(["0.042", "≤ 0.05", "2 : 1"]);
});

test("the footer counts targets and names the missed ones", () => {
  const footer = renderFooter(report);
  expect(footer).toContain("portmap 100 : 2 (50)");
  expect(footer).toContain("Targets: 2 of 4 met");
  expect(footer).toContain("! loopback ADD: 4, at most 2.5 wanted");
  expect(footer).not.toContain("! portmap");
});

test("Markdown has every row, the headline those of the headline, with as many cells as titles", () => {
  const cells = (line: string) => line.split("|").length;
  for (const [text, rows] of [
    [renderMarkdown(report), 4],
    [renderHeadline(report), 3],
  ] as const) {
    const table = text.split("\n").filter((line) => line.startsWith("|"));
    expect(table).toHaveLength(2 + rows);
    expect(new Set(table.map(cells)).size).toBe(1);
  }
  expect(renderMarkdown(report)).toContain("| 2.5, missed |");
  expect(renderHeadline(report)).toContain("| growth ADD | 12 ms/1,000 |");
});

test("the chart is one SVG with a label and a ratio for each call of the headline", () => {
  const svg = renderChart(report);
  expect(svg.match(/<svg /g)).toHaveLength(1);
  expect(svg).toContain("portmap &lt;1 &amp; 2&gt; ADD");
  expect(svg).toContain("× 0.042");
  expect(svg).toContain("× 4");
  for (const absent of ["minor", "growth"]) expect(svg).not.toContain(absent);
});

test("the chart of the same report is the same, so that it can be kept in a repository", () => {
  expect(renderChart(report)).toBe(renderChart(report));
});

test("only what stands between the marks of the README changes", () => {
  const readme = "before $& $1\n<!-- bench -->\n\nold\n\n<!-- end bench -->\nafter\n";
  const once = withBench(readme, "new $& text");
  expect(once).toBe("before $& $1\n<!-- bench -->\n\nnew $& text\n\n<!-- end bench -->\nafter\n");
  expect(withBench(once, "new $& text")).toBe(once);
  expect(() => withBench("nothing", "new")).toThrow("no place");
});
