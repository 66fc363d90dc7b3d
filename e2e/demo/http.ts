import type { Place } from "../lib/place.ts";
import { hasIpv6 } from "../lib/tools.ts";
import { ask, serve } from "../lib/traffic.ts";
import type { Report } from "./report.ts";
import { hostPort, type Scene } from "./scene.ts";

/** HTTP to the hostPort from everywhere it has to work; the pod tells whose address it saw. */
export async function showHttp(report: Report, scene: Scene): Promise<void> {
  const { node, uplink, web, other } = scene;
  await serve(web, "web", 80);
  const ways: readonly (readonly [label: string, from: Place, to: string])[] = [
    ["client host", uplink.host, uplink.node4],
    ["node", node, "127.0.0.1"],
    ["node", node, uplink.node4],
    ["other pod", other, uplink.node4],
    ["the pod itself", web, uplink.node4],
  ];
  const ways6: typeof ways = [
    ["client host", uplink.host, uplink.node6],
    ["node", node, uplink.node6],
    ["other pod", other, uplink.node6],
    ["the pod itself", web, uplink.node6],
  ];
  for (const [label, from, to] of hasIpv6() ? [...ways, ...ways6] : ways) {
    const authority = to.includes(":") ? `[${to}]:${hostPort}` : `${to}:${hostPort}`;
    await report.expect(`${label} → ${authority}`, async () => {
      const answer = await ask(from, to, hostPort);
      if (answer?.server !== "web") return { ok: false, detail: "no answer from the pod" };
      return { ok: true, detail: `pod answered, saw ${answer.peer}` };
    });
  }
  if (!hasIpv6()) report.line("  - IPv6 left out: this kernel has it switched off");
}
