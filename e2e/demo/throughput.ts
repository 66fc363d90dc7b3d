import type { Place } from "../lib/place.ts";
import { type MeasureOptions, measure, type Throughput } from "../lib/traffic.ts";
import { chart, sparkline } from "./chart.ts";
import type { Outcome, Report } from "./report.ts";
import { limit, type Scene, streamPort } from "./scene.ts";

const mbit = (bitsPerSecond: number): number => bitsPerSecond / 1e6;

/** A TCP stream each way, drawn against the limit, and one to the pod without limits beside it. */
export async function showThroughput(report: Report, scene: Scene): Promise<void> {
  const { uplink, web, other } = scene;
  const stream = (from: Place, to: Place, host: string) => (options: MeasureOptions) =>
    measure(from, { place: to, listen: streamPort }, { host, port: streamPort }, options);

  const into = stream(uplink.host, web, uplink.node4);
  const outOf = stream(web, uplink.host, uplink.host4);
  await report.expect("into the pod, by its hostPort", limited(report, into));
  await report.expect("out of the pod", limited(report, outOf));
  await report.expect("out of the pod without limits", async () => {
    const { best } = await stream(other, uplink.host, uplink.host4)({ seconds: 1, until: 2 * limit });
    return { ok: best > 2 * limit, detail: `${(best / 1e9).toFixed(1)} Gbit/s` };
  });
}

function limited(report: Report, run: (options: MeasureOptions) => Promise<Throughput>) {
  return async (progress: (text: string) => void): Promise<Outcome> => {
    const seen: number[] = [];
    const { samples, mean, best } = await run({
      seconds: 4,
      until: 0.85 * limit,
      onSample: (sample) => {
        seen.push(sample);
        progress(`${sparkline(seen.map(mbit), mbit(limit))} ${mbit(sample).toFixed(1)} Mbit/s`);
      },
    });
    return {
      ok: best >= 0.85 * limit && mean <= 1.1 * limit,
      detail: `${mbit(mean).toFixed(2)} Mbit/s, ${Math.round((100 * mean) / limit)} % of the limit`,
      below: [
        ...chart(samples.map(mbit), { width: report.width - 4, limit: mbit(limit) }),
        `Mbit/s at the receiver, ${samples.length / 5} seconds of a TCP stream`,
      ],
    };
  };
}
