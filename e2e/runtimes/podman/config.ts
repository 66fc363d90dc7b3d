import { confDirectory, pluginDirectory } from "../lib/network.ts";

/** Where podman finds its configuration, through its environment alone. */
export const podmanEnv = {
  CONTAINERS_CONF: "/run/containers.conf",
  CONTAINERS_STORAGE_CONF: "/run/storage.conf",
} as const;

/** containers.conf(5): networks by CNI, nothing that needs systemd, no more rights than root has here. */
export const containersConf = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
apparmor_profile = "unconfined"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "cni"
cni_plugin_dirs = ["${pluginDirectory}"]
network_config_dir = "${confDirectory}"
`;

/** containers-storage.conf(5): all of it on the private machine, by plain copies. */
export const storageConf = `[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
`;
