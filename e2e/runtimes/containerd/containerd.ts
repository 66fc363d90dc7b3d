import { join } from "node:path";
import { until } from "../../lib/poll.ts";
import { type Installation, ours } from "../../lib/reference.ts";
import { buildImage, image } from "../lib/busybox-image.ts";
import { Machine } from "../lib/machine.ts";
import { bridgeNetwork, installPlugins, writeConfList } from "../lib/network.ts";
import { containerdConfig } from "./config.ts";
import { Cri } from "./cri.ts";
import { netnsPath, type PodSpec, podConfig, port, type RunningPod } from "./pod.ts";

const configFile = "/run/containerd.toml";

export interface ContainerdOptions {
  /** Of the conflist. Default: 1.0.0. */
  readonly cniVersion?: string;
  /** The pods' address families. Default: IPv4 alone, which takes no time for duplicate address detection. */
  readonly families?: readonly (4 | 6)[];
}

/** containerd and runc on a machine of their own, with one network for all pods. Ends with its scope. */
export class Containerd implements AsyncDisposable {
  readonly machine: Machine;
  readonly log: string;
  readonly #socket: string;
  #cri: Cri;
  #pid = "";
  #isKilled = false;

  private constructor(machine: Machine) {
    this.machine = machine;
    this.log = machine.log("containerd");
    this.#socket = join(machine.directory, "containerd.sock");
    this.#cri = new Cri(this.#socket);
  }

  /** Pods can be run when this returns; our plugins do their network. */
  static async start(options: ContainerdOptions = {}): Promise<Containerd> {
    const machine = await Machine.start();
    const containerd = new Containerd(machine);
    try {
      await containerd.#configure(options);
      await containerd.run();
      await containerd.importImage(buildImage(machine.directory), image);
      return containerd;
    } catch (error) {
      machine.keepLogs();
      await containerd.close();
      throw new Error(`containerd cannot be used here: ${error}; its log is ${containerd.log}`);
    }
  }

  /** Starts containerd, for the first time or again. */
  async run(): Promise<void> {
    const script = `echo $$; exec containerd --config ${configFile} >>${this.log} 2>&1`;
    this.#pid = await this.machine.node.start(["sh", "-ec", script]).ready();
    this.#isKilled = false;
    this.#cri.close();
    this.#cri = new Cri(this.#socket);
    await until("containerd to be ready", async () => ((await this.#isReady()) ? true : undefined));
  }

  /** Kills containerd, and nothing but it, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#isKilled = true;
    await this.machine.node.run(["sh", "-ec", `kill -KILL ${this.#pid}`]);
  }

  /** The plugins of the next call on. */
  install(plugins: Installation): Promise<void> {
    return installPlugins(this.machine.node, plugins);
  }

  /** A call that fails is thrown; unless containerd was killed meanwhile, the log is kept. */
  readonly call: Cri["call"] = async (method, request) => {
    try {
      return await this.#cri.call(method, request);
    } catch (error) {
      if (!this.#isKilled) this.machine.keepLogs();
      throw new Error(`${error instanceof Error ? error.message : error}\ncontainerd's log: ${this.log}`);
    }
  };

  /** Starts a pod's sandbox, and with it its network. */
  async runPod(spec: PodSpec): Promise<RunningPod> {
    const config = podConfig(spec, this.machine.cgroup);
    const { podSandboxId } = await this.call("RunPodSandbox", { config });
    const { status, info } = await this.call("PodSandboxStatus", { podSandboxId, verbose: true });
    const place = this.machine.node.netns(netnsPath(info));
    return { id: podSandboxId, ip: status.network?.ip ?? "", config, place };
  }

  /** Takes a pod through, so that what all pods share is there: the bridge, the shared chains. */
  async warmUp(): Promise<void> {
    await this.removePod(await this.runPod({ name: "warm-up", ports: [port(8000, 80)] }));
  }

  /** Starts a container with a web server on port 80, which answers with the pod's name once this returns. */
  async serveWeb({ id, config }: RunningPod): Promise<void> {
    const { name } = config.metadata;
    const page = JSON.stringify({ server: name });
    const script = `echo '${page}' >/www/index.html; exec busybox httpd -f -h /www -p 80`;
    const { containerId } = await this.call("CreateContainer", {
      podSandboxId: id,
      config: { metadata: { name: "web" }, image: { image }, command: ["/bin/sh", "-ec", script] },
      sandboxConfig: config,
    });
    await this.call("StartContainer", { containerId });
    const ask = ["/bin/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1/"];
    await until(`the web server of ${name}`, async () => {
      const { exitCode } = await this.call("ExecSync", { containerId, cmd: ask });
      return exitCode === 0 ? true : undefined;
    });
  }

  /** Stops and removes a pod as kubelet does: two DELs, the second without a network namespace. */
  async removePod({ id }: { readonly id: string }): Promise<void> {
    await this.call("StopPodSandbox", { podSandboxId: id });
    await this.call("RemovePodSandbox", { podSandboxId: id });
  }

  async close(): Promise<void> {
    this.#cri.close();
    await this.machine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #configure({ cniVersion = "1.0.0", families = [4] }: ContainerdOptions): Promise<void> {
    const { node } = this.machine;
    const config = containerdConfig({
      root: "/var/lib/containerd",
      state: "/run/containerd",
      socket: this.#socket,
    });
    await node.run(["sh", "-ec", `cat >${configFile}`], { stdin: config });
    await this.install(ours);
    await writeConfList(node, bridgeNetwork(cniVersion, families));
  }

  /** Makes images of an archive usable; containerd tells its CRI plugin of a new one by an event, a moment later. */
  async importImage(archive: string, name: string): Promise<void> {
    const { node } = this.machine;
    await node.run(["ctr", "--address", this.#socket, "--namespace", "k8s.io", "images", "import", archive]);
    await until("the image", async () => {
      const answer = await this.call("ImageStatus", { image: { image: name } });
      return answer.image ?? undefined;
    });
  }

  async #isReady(): Promise<boolean> {
    try {
      const { status } = await this.#cri.call("Status", {});
      return status.conditions.length > 0 && status.conditions.every((condition) => condition.status);
    } catch {
      return false;
    }
  }
}
