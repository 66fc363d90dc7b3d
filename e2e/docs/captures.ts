import { stripVTControlCharacters } from "node:util";
import type { Node } from "../lib/node.ts";
import { measure, serve } from "../lib/traffic.ts";
import { rootShell, startPageNode } from "./page-node.ts";

/** What a terminal shows of one command. */
export interface Capture {
  readonly name: string;
  /** With the prompt and the command in front. */
  readonly text: string;
}

const columns = 118;
const limits = "--ingress-bandwidth 10M --egress-bandwidth 5M";

/**
 * The tool at work, on a pseudo terminal of a private node: two pods by our plugins, traffic through a limit, and at
 * the end somebody's flush of table nat.
 */
export async function takeCaptures(): Promise<readonly Capture[]> {
  const node = await startPageNode();
  try {
    await node.run(["rm", "/etc/cni/net.d/20-plain.conflist"]);
    await add(node, "web", `-p 8080:80 -p 8443:443 ${limits}`);
    await add(node, "dns", "-p 5353:53/udp -p 127.0.0.1:9153:9153");
    const pod = node.netns("/run/netns/web");
    const service = await serve(pod, "web", 80);
    const list = await capture(node, "list", "cni-chain list");
    const explain = await capture(node, "explain", "cni-chain explain tcp/8080");
    await service.stop();
    const begun = Promise.withResolvers<void>();
    const traffic = measure(
      node,
      { place: pod, listen: 443 },
      { host: "10.88.0.2", port: 443 },
      { seconds: 4, onSample: () => begun.resolve() },
    );
    await begun.promise;
    const top = await capture(node, "top", "cni-chain top --once");
    await traffic;
    const plan = await capture(
      node,
      "plan",
      "cni-chain plan add mynet --id api --ip 10.88.0.9/16 --host-device veth9 -p 9090:90 --ingress-bandwidth 1M",
    );
    await node.run(["iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]);
    const doctor = await capture(node, "doctor", "cni-chain doctor");
    return [list, top, explain, plan, doctor];
  } finally {
    await node.close();
  }
}

async function add(node: Node, name: string, asked: string): Promise<void> {
  const pod = `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name}`;
  const line = `cni-chain add mynet --sandbox ${name} --id ${name}-1 --args '${pod}' ${asked}`;
  await node.run(["bash", "-c", line], { env: rootShell(node) });
}

async function capture(node: Node, name: string, command: string): Promise<Capture> {
  const line = `stty cols ${columns} rows 50; exec ${command}`;
  const env = { ...rootShell(node), TERM: "xterm" };
  const { stdout } = await node.try(["script", "-qec", line, "/dev/null"], { env, stdin: "" });
  const shown = stripVTControlCharacters(stdout).replaceAll("\r", "").replace(toolVersions, "").trimEnd();
  return { name, text: `# ${command}\n${withStableNames(shown)}` };
}

/** What doctor says last but one is of the machine, not of the node. */
const toolVersions = /^\n?iptables.* v\d.*\n/m;

/** The bridge plugin makes up a name for each veth: the first that is shown becomes the first of a row. */
function withStableNames(text: string): string {
  const names = [...new Set(text.match(/\bveth[0-9a-f]{8}\b/g) ?? [])];
  return names.reduce(
    (known, name, at) => known.replaceAll(name, `veth${`${at + 1}`.padStart(8, "0")}`),
    text,
  );
}

const markers = /(<!-- capture (\w+) -->\n)[\s\S]*?(<!-- end capture -->)/g;

/** A page with each capture between its markers. Throws if one has no place, or a place no capture. */
export function withCaptures(page: string, captures: readonly Capture[]): string {
  const left = new Map(captures.map(({ name, text }) => [name, text]));
  const written = page.replaceAll(markers, (_, begin: string, name: string, end: string) => {
    const text = left.get(name);
    if (text === undefined) throw new Error(`nothing was captured for ${name}`);
    left.delete(name);
    return `${begin}\n\`\`\`console\n${text}\n\`\`\`\n\n${end}`;
  });
  if (left.size > 0) throw new Error(`no place for ${[...left.keys()].join(", ")}`);
  return written;
}

/** The captures that a page holds. */
export function capturesOn(page: string): readonly Capture[] {
  return [...page.matchAll(markers)].map(([whole, , name = ""]) => {
    const [, text = ""] = /```console\n([\s\S]*?)\n```/.exec(whole) ?? [];
    return { name, text };
  });
}
