import { join } from "node:path";
import type { IPodSpec } from "kubernetes-models/v1";
import { until } from "../lib/poll.ts";
import type { Containerd } from "../runtimes/containerd/containerd.ts";
import type { Mount, NamespaceOption, PodSandboxConfig } from "../runtimes/containerd/cri-messages.ts";
import { confDirectory, pluginDirectory } from "../runtimes/lib/network.ts";

type Container = IPodSpec["containers"][number];

/** Where containerd on that machine has the pods' network namespaces; its cache says so, and so it is in the containers. */
const namespaces = "/run/containerd/io.containerd.grpc.v1.cri/netns";

/** Where the directories of a node lie on the machine of the tests, which is none. */
const onMachine: Readonly<Record<string, string>> = {
  "/opt/cni/bin": pluginDirectory,
  "/etc/cni/net.d": confDirectory,
  "/run/netns": namespaces,
};

/** A pod of a DaemonSet, run by containerd as kubelet would have it run. */
export class DaemonPod {
  readonly #containerd: Containerd;
  readonly #config: PodSandboxConfig;
  readonly #podSandboxId: string;
  readonly #containers = new Map<string, { readonly id: string; readonly spec: Container }>();

  private constructor(containerd: Containerd, config: PodSandboxConfig, podSandboxId: string) {
    this.#containerd = containerd;
    this.#config = config;
    this.#podSandboxId = podSandboxId;
  }

  static async start(containerd: Containerd, spec: IPodSpec, name: string): Promise<DaemonPod> {
    const { machine } = containerd;
    const config: PodSandboxConfig = {
      metadata: { name, uid: `uid-of-${name}`, namespace: "kube-system", attempt: 0 },
      logDirectory: machine.directory,
      linux: {
        cgroupParent: machine.cgroup,
        securityContext: { namespaceOptions: namespaceOptions(spec) },
      },
    };
    const { podSandboxId } = await containerd.call("RunPodSandbox", { config });
    const pod = new DaemonPod(containerd, config, podSandboxId);
    for (const container of spec.containers) await pod.#run(container, spec);
    return pod;
  }

  /** Waits until every container's readiness probe succeeds. */
  async ready(): Promise<void> {
    for (const [name, { id, spec }] of this.#containers) {
      const cmd = spec.readinessProbe?.exec?.command;
      if (cmd === undefined) continue;
      let said = "";
      await until(`${name} to be ready`, async () => {
        const answer = await this.#containerd.call("ExecSync", { containerId: id, cmd });
        said = `${new TextDecoder().decode(answer.stdout)}${new TextDecoder().decode(answer.stderr)}`;
        return answer.exitCode === 0 ? true : undefined;
      }).catch((error: unknown) => {
        throw new Error(`${error}: the last probe said:\n${said}`);
      });
    }
  }

  /** Ends the containers by SIGTERM, and gives their exit codes by name; removes the pod. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    const codes: Record<string, number> = {};
    for (const [name, { id: containerId }] of this.#containers) {
      await this.#containerd.call("StopContainer", { containerId, timeout: 60 });
      const { status } = await this.#containerd.call("ContainerStatus", { containerId });
      codes[name] = status.exitCode;
    }
    await this.#containerd.removePod({ id: this.#podSandboxId });
    return codes;
  }

  async #run(spec: Container, podSpec: IPodSpec): Promise<void> {
    const { volumes = [], securityContext: pod } = podSpec;
    const { node } = this.#containerd.machine;
    const mounts = await Promise.all(
      (spec.volumeMounts ?? []).map(async (mount): Promise<Mount> => {
        const volume = volumes.find(({ name }) => name === mount.name);
        const path = volume?.hostPath?.path ?? `/run/empty/${this.#podSandboxId}/${mount.name}`;
        const hostPath = onMachine[path] ?? path;
        if (volume?.hostPath?.type === "FileOrCreate") await node.run(["touch", hostPath]);
        else await node.run(["mkdir", "-p", hostPath]);
        return {
          containerPath: path === "/run/netns" ? namespaces : mount.mountPath,
          hostPath,
          readonly: mount.readOnly === true,
          propagation: mount.mountPropagation === "HostToContainer" ? "HOST_TO_CONTAINER" : "PRIVATE",
        };
      }),
    );
    const { securityContext: own } = spec;
    const { containerId } = await this.#containerd.call("CreateContainer", {
      podSandboxId: this.#podSandboxId,
      sandboxConfig: this.#config,
      config: {
        metadata: { name: spec.name },
        image: { image: spec.image ?? "" },
        ...(spec.command === undefined ? {} : { command: spec.command }),
        ...(spec.args === undefined ? {} : { args: spec.args }),
        mounts,
        logPath: `${this.#config.metadata.name}-${spec.name}.log`,
        linux: {
          securityContext: {
            capabilities: {
              addCapabilities: own?.capabilities?.add ?? [],
              dropCapabilities: own?.capabilities?.drop ?? [],
            },
            privileged: own?.privileged === true,
            namespaceOptions: namespaceOptions(podSpec),
            runAsUser: { value: pod?.runAsUser ?? 0 },
            runAsGroup: { value: pod?.runAsGroup ?? 0 },
            readonlyRootfs: own?.readOnlyRootFilesystem === true,
            noNewPrivs: own?.allowPrivilegeEscalation === false,
            seccomp: {
              profileType: pod?.seccompProfile?.type === "RuntimeDefault" ? "RuntimeDefault" : "Unconfined",
            },
          },
        },
      },
    });
    await this.#containerd.call("StartContainer", { containerId });
    this.#containers.set(spec.name, { id: containerId, spec });
  }

  /** What a container has written, on both outputs. */
  log(container: string): Promise<string> {
    const { directory } = this.#containerd.machine;
    return Bun.file(join(directory, `${this.#config.metadata.name}-${container}.log`)).text();
  }
}

const namespaceOptions = ({ hostNetwork, hostPID }: IPodSpec): NamespaceOption => ({
  network: hostNetwork === true ? "NODE" : "POD",
  pid: hostPID === true ? "NODE" : "CONTAINER",
});
