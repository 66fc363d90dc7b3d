import { CustomChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { About } from "./about.ts";
import { labelOf, ratio } from "./format.ts";
import type { Report } from "./render-text.ts";
import type { Row } from "./rows.ts";

// ECharts draws SVG without a browser or a DOM and brings two packages along; vega brings dozens, Plot wants a DOM.
use([CustomChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const colours = { ours: "#2563eb", reference: "#9a9a9a", line: "#d4d4d4", text: "#222222", faint: "#666666" };

/** The headline as an SVG: for each call a line from ours to the reference's wall time, and their ratio. */
export function renderChart({ about, rows }: Report): string {
  const shown = rows.filter(({ headline, unit }) => headline && unit === "ms").toReversed();
  const height = 110 + 26 * shown.length;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: 900, height });
  chart.setOption(optionOf(about, shown));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${still(svg)}\n`;
}

/** Without what a page in a browser needs: hover styles, whose numbers would differ each time, and indices. */
function still(svg: string): string {
  return svg
    .replace(/<style[^>]*>[\s\S]*?<\/style>\s*/g, "")
    .replace(/ (class="zr[^"]*"|ecmeta_\w+="[^"]*"|pointer-events="visible")/g, "");
}

function optionOf(about: About, rows: readonly Row[]) {
  const dots = (side: "ours" | "reference") => ({
    type: "scatter",
    name: side,
    symbolSize: 10,
    itemStyle: { color: colours[side] },
    data: rows.map((row, at) => [row[side].median, at]),
  });
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "sans-serif", color: colours.text },
    title: {
      text: "Wall time of a call: ms, logarithmic",
      subtext: `${about.ours}, ${about.reference}; ${about.date}, ${about.cores} cores`,
      left: 12,
      top: 8,
      textStyle: { fontSize: 15, color: colours.text },
      subtextStyle: { color: colours.faint },
    },
    legend: { right: 12, top: 12, data: ["ours", "reference"], selectedMode: false },
    grid: { left: 330, right: 70, top: 64, bottom: 34 },
    xAxis: {
      type: "log",
      splitLine: { lineStyle: { color: "#eeeeee" } },
      axisLabel: { color: colours.faint },
    },
    yAxis: {
      type: "category",
      data: rows.map(labelOf),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { color: colours.text, interval: 0 },
    },
    series: [connections(rows), dots("reference"), dots("ours")],
  };
}

interface Drawing {
  value(dimension: number): number;
  coord(point: readonly [number, number]): readonly [number, number];
}

/** The line between two dots, and the ratio at the right border. */
function connections(rows: readonly Row[]) {
  return {
    type: "custom",
    silent: true,
    z: 1,
    data: rows.map(({ ours, reference }, at) => [ours.median, reference.median, at]),
    encode: { x: [0, 1], y: 2 },
    renderItem: ({ dataIndex }: { readonly dataIndex: number }, drawing: Drawing) => {
      const row = drawing.value(2);
      const [x1, y] = drawing.coord([drawing.value(0), row]);
      const [x2] = drawing.coord([drawing.value(1), row]);
      const of = rows[dataIndex];
      return {
        type: "group",
        children: [
          { type: "line", shape: { x1, y1: y, x2, y2: y }, style: { stroke: colours.line, lineWidth: 4 } },
          {
            type: "text",
            x: 842,
            y,
            style: {
              text: of === undefined ? "" : `× ${ratio(of.ratio.median)}`,
              fill: colours.text,
              font: "bold 12px sans-serif",
              verticalAlign: "middle",
            },
          },
        ],
      };
    },
  };
}
