// The demo: a whole conflist with the compiled plugins and real traffic, in private namespaces only.
// Usage: bun main.ts DIRECTORY_OF_PLUGINS. Exit code 1 if anything was not as expected.
import { resolve } from "node:path";
import { takeSnapshot } from "../lib/snapshot.ts";
import { hasIpv6 } from "../lib/tools.ts";
import { demoChain, showAdd, showCheck, showDel } from "./attach.ts";
import { showHttp } from "./http.ts";
import { Report } from "./report.ts";
import { conflist, setScene } from "./scene.ts";
import { showThroughput } from "./throughput.ts";

const plugins = resolve(process.argv[2] ?? "dist/bin");
const report = new Report();
const scene = await setScene();
try {
  const { node, uplink } = scene;
  const chain = demoChain(scene, plugins);
  const before = await takeSnapshot(node);

  report.line("A node, two pods and a client host, all in private namespaces of this machine.");
  const both = (v4: string, v6: string) => (hasIpv6() ? `${v4}, ${v6}` : v4);
  report.line(`  node         ${both(uplink.node4, uplink.node6)}`);
  report.line(`  client host  ${both(uplink.host4, uplink.host6)}`);
  report.line(
    `  conflist     CNI ${conflist.cniVersion}: ${conflist.plugins.map(({ type }) => type).join(" → ")}`,
  );

  report.section("ADD");
  if (await showAdd(report, scene, chain)) {
    report.section("HTTP to hostPort 8080");
    await showHttp(report, scene);
    report.section("Throughput against 10 Mbit/s");
    await showThroughput(report, scene);
    report.section("CHECK");
    await showCheck(report, scene, chain);
    report.section("DEL");
    await showDel(report, scene, chain, before);
  }
  report.summary();
} finally {
  await scene.node.close();
}
process.exit(report.failed ? 1 : 0);
