import { image } from "../lib/busybox-image.ts";
import { confDirectory, pluginDirectory } from "../lib/network.ts";

export interface ContainerdPaths {
  /** Persistent and volatile state, both on the private machine. */
  readonly root: string;
  readonly state: string;
  readonly socket: string;
}

/** The configuration file: everything private, nothing that needs systemd, AppArmor or more rights than root has here. */
export function containerdConfig({ root, state, socket }: ContainerdPaths): string {
  return `version = 2
root = "${root}"
state = "${state}"
disabled_plugins = [${unused.map((plugin) => `"io.containerd.${plugin}"`).join(", ")}]

[debug]
level = "debug"

[grpc]
address = "${socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "${root}/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${image}"
disable_apparmor = true
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${pluginDirectory}"
conf_dir = "${confDirectory}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
`;
}

/** What looks for other file systems, or for files of the machine's outside of root and state. */
const unused = [
  "snapshotter.v1.aufs",
  "snapshotter.v1.btrfs",
  "snapshotter.v1.devmapper",
  "snapshotter.v1.zfs",
  "snapshotter.v1.blockfile",
  "nri.v1.nri",
  "tracing.processor.v1.otlp",
  "internal.v1.tracing",
];
