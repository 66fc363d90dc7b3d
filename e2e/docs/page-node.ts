import { addHost } from "../lib/host.ts";
import { Node } from "../lib/node.ts";
import { plugins } from "../lib/plugins.ts";
import { reference } from "../lib/reference.ts";

/** Where a checkout would be that was built: nothing but dist/bin. */
export const checkout = "/run/checkout";

/**
 * A node as the pages suppose one: the reference plugins in their usual place, the tool on PATH, network `mynet` on a
 * bridge, a neighbour on a line of its own, a second device. What is written outside /run stays in the node's memory.
 * @param release a directory with what is released, which becomes ~/release
 */
export async function startPageNode(release?: string): Promise<Node> {
  const node = await Node.start();
  const layers = ["/etc", "/opt", "/usr/local", "/var/lib", "/root"];
  await node.run([
    "sh",
    "-ec",
    [
      "mkdir /run/layers",
      "mount -t tmpfs tmpfs /run/layers",
      ...layers.map((directory) => {
        const [upper, work] = ["upper", "work"].map((name) => `/run/layers${directory}/${name}`);
        return `mkdir -p ${upper} ${work}; mount -t overlay overlay -o lowerdir=${directory},upperdir=${upper},workdir=${work} ${directory}`;
      }),
      "rm -rf /etc/cni /var/lib/cni /opt/cni",
      "mkdir -p /etc/cni/net.d /opt/cni/bin /etc/bash_completion.d /root/.zfunc",
      `cp ${reference.directory}/* /opt/cni/bin`,
      `mkdir -p ${checkout}/dist`,
      `ln -s ${plugins} ${checkout}/dist/bin`,
      ...(release === undefined ? [] : [`ln -s ${release} /root/release`]),
    ].join("\n"),
  ]);
  await addHost(node);
  await node.ip("link add lan0 type veth peer name lan1", "link set lan0 up", "link set lan1 up");
  await writeOn(node, "/etc/cni/net.d/10-mynet.conflist", conflist("mynet", "cni0", "10.88.0.0/16", chained));
  await writeOn(node, "/etc/cni/net.d/20-plain.conflist", conflist("plain", "cni1", "10.89.0.0/16", []));
  return node;
}

/** What a shell of root has there: our plugins are found first. */
export function rootShell(node: Node): Readonly<Record<string, string>> {
  const PATH = `${node.env["PATH"]}:${plugins}`;
  return { ...node.env, PATH, HOME: "/root", SHELL: "/bin/bash", CNI_PATH: `${plugins}:/opt/cni/bin` };
}

async function writeOn(node: Node, path: string, document: unknown): Promise<void> {
  await node.run(["sh", "-c", `cat >${path}`], { stdin: `${JSON.stringify(document, null, 2)}\n` });
}

const chained = [
  { type: "portmap", capabilities: { portMappings: true } },
  { type: "bandwidth", capabilities: { bandwidth: true } },
];

function conflist(name: string, bridge: string, subnet: string, behind: readonly object[]): object {
  const ipam = { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] };
  const main = { type: "bridge", bridge, isGateway: true, hairpinMode: true, ipam };
  return { cniVersion: "1.0.0", name, plugins: [main, ...behind] };
}
