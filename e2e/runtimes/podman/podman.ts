import { appendFileSync } from "node:fs";
import type { ConfList } from "../../lib/cni.ts";
import type { Pod } from "../../lib/node.ts";
import { until } from "../../lib/poll.ts";
import type { Finished, Service } from "../../lib/process.ts";
import { ours } from "../../lib/reference.ts";
import { buildImage, image } from "../lib/busybox-image.ts";
import { Machine } from "../lib/machine.ts";
import { installPlugins, pluginDirectory } from "../lib/network.ts";
import { containersConf, podmanEnv, storageConf } from "./config.ts";
import { networkName, writeNetwork } from "./networks.ts";

/** What `podman network create` chains beside bridge and portmap, from Debian's containernetworking-plugins. */
const networkCreatePlugins = ["/usr/lib/cni/firewall", "/usr/lib/cni/tuning"];

export interface RunOptions {
  readonly name: string;
  /** Name of the network it is on, or the number of one of podmanNetwork's. */
  readonly network: number | string;
  /** What `-p` is given, each. */
  readonly publish?: readonly string[];
  /** podman stays as long as the container does. Default: it leaves it to itself. */
  readonly attached?: boolean;
}

/** A container that runs a web server on port 80, which answers with the container's name. */
export interface Container {
  readonly name: string;
  readonly ip: string;
  /** Commands of the machine, in the container's network namespace. */
  readonly place: Pod;
}

/** podman and runc on a machine of their own. Ends with its scope. */
export class Podman implements AsyncDisposable {
  readonly machine: Machine;
  /** All that podman says, of every call. */
  readonly log: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(machine: Machine) {
    this.machine = machine;
    this.log = machine.log("podman");
    this.#env = { ...machine.node.env, ...podmanEnv };
  }

  /** Containers can be run when this returns; our plugins do their networks. */
  static async start(networks: readonly ConfList[]): Promise<Podman> {
    const podman = new Podman(await Machine.start());
    try {
      await podman.#configure(networks);
      return podman;
    } catch (error) {
      podman.machine.keepLogs();
      await podman.close();
      throw error;
    }
  }

  /** Runs podman, whatever its exit code; what it says goes to the log. */
  async try(argv: readonly string[]): Promise<Finished> {
    const finished = await this.machine.node.try(["podman", "--log-level=debug", ...argv], {
      env: this.#env,
    });
    const { exitCode, stdout, stderr } = finished;
    appendFileSync(this.log, `# podman ${argv.join(" ")}: exit code ${exitCode}\n${stdout}${stderr}\n`);
    return finished;
  }

  /** Runs podman and gives its standard output. A call that fails is thrown, and keeps the log. */
  async call(...argv: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.try(argv);
    if (exitCode === 0) return stdout;
    this.machine.keepLogs();
    const said = stderr.split("\n").filter((line) => line !== "" && !line.includes("level=debug"));
    throw new Error(
      `podman ${argv.join(" ")}: exit code ${exitCode}\n${said.join("\n")}\nits log: ${this.log}`,
    );
  }

  /** `podman run -d`; the web server answers once this returns. */
  async run(options: RunOptions): Promise<Container> {
    const { name } = options;
    await this.call(...this.#runArguments(options));
    const format = "{{.NetworkSettings.SandboxKey}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const [netns = "", ip = ""] = (await this.call("inspect", "--format", format, name)).trim().split(" ");
    const wget = ["exec", name, "/bin/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1/"];
    await until(`the web server of ${name}`, async () => {
      const { exitCode } = await this.try(wget);
      return exitCode === 0 ? true : undefined;
    });
    return { name, ip, place: this.machine.node.netns(netns) };
  }

  /** Starts the same, and waits for nothing. */
  begin(options: RunOptions): Service {
    return this.start(...this.#runArguments(options));
  }

  /** Starts podman, and leaves it to the caller to end it. The first line of its standard output is its process id. */
  start(...argv: readonly string[]): Service {
    const script = `echo $$; exec podman --log-level=debug "$@" 2>>${this.log}`;
    const env = Object.entries(podmanEnv).map(([name, value]) => `${name}=${value}`);
    return this.machine.node.start(["env", ...env, "sh", "-ec", script, "podman", ...argv]);
  }

  async remove(name: string): Promise<void> {
    await this.call("rm", "-f", "-t", "0", name);
  }

  close(): Promise<void> {
    return this.machine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #runArguments({ name, network, publish = [], attached = false }: RunOptions): string[] {
    const page = JSON.stringify({ server: name });
    const script = `echo '${page}' >/www/index.html; exec busybox httpd -f -h /www -p 80`;
    const named = typeof network === "number" ? networkName(network) : network;
    const onMachine = ["--network", named, "--cgroup-parent", this.machine.cgroup];
    const ports = publish.flatMap((port) => ["-p", port]);
    return [
      "run",
      ...(attached ? [] : ["-d"]),
      "--name",
      name,
      ...onMachine,
      ...ports,
      image,
      "sh",
      "-ec",
      script,
    ];
  }

  /** podman's locks are shared memory, and every machine's have the same name. */
  async #configure(networks: readonly ConfList[]): Promise<void> {
    const { node } = this.machine;
    await node.run(["sh", "-ec", "mkdir -p /dev/shm; mount -t tmpfs tmpfs /dev/shm"]);
    await node.run(["sh", "-ec", `cat >${podmanEnv.CONTAINERS_CONF}`], { stdin: containersConf });
    await node.run(["sh", "-ec", `cat >${podmanEnv.CONTAINERS_STORAGE_CONF}`], { stdin: storageConf });
    await installPlugins(node, ours);
    await node.run(["ln", "-sf", "-t", pluginDirectory, ...networkCreatePlugins]);
    for (const conf of networks) await writeNetwork(node, conf);
    await this.call("load", "-i", buildImage(this.machine.directory));
  }
}
