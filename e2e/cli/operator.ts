import type { PluginConf, ResultDocument } from "../lib/cni.ts";
import { addHost, type Uplink } from "../lib/host.ts";
import { Node } from "../lib/node.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import type { Finished } from "../lib/process.ts";
import { portmap } from "../lib/stage.ts";
import { cacheDir } from "./cached.ts";

const tool = plugin("cni-chain");
const confDir = "/run/net.d";
const scriptDir = "/run/plugins";

export interface OperatorOptions {
  /** Directory of the chained plugins; default: ours. */
  readonly plugins?: string;
}

/** Somebody at a node with the tool: networks, plugins and cache all lie in the node's private /run. Ends with its scope. */
export class Operator implements AsyncDisposable {
  readonly node: Node;
  readonly uplink: Uplink;
  readonly #plugins: string;

  private constructor(node: Node, uplink: Uplink, options: OperatorOptions) {
    this.node = node;
    this.uplink = uplink;
    this.#plugins = options.plugins ?? plugins;
  }

  static async start(options: OperatorOptions = {}): Promise<Operator> {
    const node = await Node.start();
    const operator = new Operator(node, await addHost(node), options);
    await node.run(["mkdir", "-p", confDir, scriptDir]);
    await operator.script("wire", wire);
    await operator.script("broken", broken);
    return operator;
  }

  /** Writes a network whose main plugin is `wire`, in front of the others. */
  network(
    name: string,
    chained: readonly PluginConf[] = [portmap()],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    return this.write({ cniVersion: "1.1.0", name, plugins: [{ type: "wire" }, ...chained], ...more });
  }

  /** Writes a conflist and gives its path. */
  async write(list: { readonly name: string; readonly [field: string]: unknown }): Promise<string> {
    const path = `${confDir}/${list.name}.conflist`;
    await this.node.run(["sh", "-c", `cat >${path}`], { stdin: JSON.stringify(list) });
    return path;
  }

  async script(name: string, text: string): Promise<void> {
    const path = `${scriptDir}/${name}`;
    await this.node.run(["sh", "-c", `cat >${path}; chmod 755 ${path}`], { stdin: text });
  }

  /** The tool's command line, with where things lie here. */
  commandLine(...line: readonly string[]): readonly string[] {
    return [tool, ...line, ...this.#places(line)];
  }

  /** Runs the tool, whatever its exit code. */
  try(...line: readonly string[]): Promise<Finished> {
    return this.node.try(this.commandLine(...line));
  }

  /** Runs the tool, which has to succeed, and gives its standard output. */
  run(...line: readonly string[]): Promise<string> {
    return this.node.run(this.commandLine(...line));
  }

  async json<T>(...line: readonly string[]): Promise<T> {
    return JSON.parse(await this.run(...line, "--json"));
  }

  /** `add --json`, of a container whose namespace is made for it. */
  add(network: string, name: string, ...more: readonly string[]): Promise<ResultDocument> {
    return this.json("add", network, "--sandbox", name, "--id", name, ...more);
  }

  /** What `wire` and `broken` were called with, as `ADD web`, since the last time. */
  async calls(): Promise<readonly string[]> {
    const log = await this.node.run(["sh", "-c", "cat /run/calls 2>/dev/null; rm -f /run/calls"]);
    return log.split("\n").filter((line) => line !== "");
  }

  #places([verb = ""]: readonly string[]): readonly string[] {
    if (!["add", "check", "del", "gc", "status", "version"].includes(verb)) return [];
    return [
      "--conf-dir",
      confDir,
      "--cache-dir",
      cacheDir,
      "--plugin-dir",
      scriptDir,
      "--plugin-dir",
      this.#plugins,
    ];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.node.close();
  }
}

const log = `echo "\${0##*/} $CNI_COMMAND $CNI_CONTAINERID" | sed 's/ $//' >>/run/calls`;
const versions = `'{"cniVersion":"1.1.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}'`;

/** A main plugin for version 1.1.0, which the reference's do not have everywhere: a veth pair on a bridge, a new address each. */
const wire = `#!/bin/sh
set -e
${log}
veth=v$(echo "$CNI_CONTAINERID $CNI_IFNAME" | cksum | cut -d ' ' -f 1)
case $CNI_COMMAND in
VERSION) echo ${versions} ;;
ADD)
  version=$(sed 's/.*"cniVersion":"\\([0-9.]*\\)".*/\\1/')
  echo x >>/run/addresses
  number=$(($(wc -l </run/addresses) + 1))
  if ! ip link show cni0 >/dev/null 2>&1; then
    ip link add cni0 type bridge
    ip address add 10.88.0.1/24 dev cni0
    ip link set cni0 up
  fi
  in_pod="nsenter --net=$CNI_NETNS ip"
  ip link add "$veth" type veth peer name "$CNI_IFNAME" netns "$CNI_NETNS"
  ip link set "$veth" master cni0
  ip link set "$veth" type bridge_slave hairpin on
  ip link set "$veth" up
  $in_pod address add "10.88.0.$number/24" dev "$CNI_IFNAME"
  $in_pod link set "$CNI_IFNAME" up
  $in_pod route replace default via 10.88.0.1
  ips_version=
  case $version in 0.*) ips_version='"version":"4",' ;; esac
  printf '{"cniVersion":"%s","interfaces":[{"name":"cni0"},{"name":"%s"},{"name":"%s","sandbox":"%s"}],' \\
    "$version" "$veth" "$CNI_IFNAME" "$CNI_NETNS"
  printf '"ips":[{%s"interface":2,"address":"10.88.0.%s/24","gateway":"10.88.0.1"}]}\\n' "$ips_version" "$number" ;;
DEL) ip link delete "$veth" 2>/dev/null || true ;;
esac
`;

/** A plugin that can carry out no ADD and is not ready for one. */
const broken = `#!/bin/sh
${log}
case $CNI_COMMAND in
VERSION) echo ${versions} ;;
ADD|STATUS)
  echo "broken: a warning" >&2
  printf '%s\\n' '{"cniVersion":"1.1.0","code":150,"msg":"out of luck","details":"first line\\nsecond line"}'
  exit 1 ;;
esac
`;
