import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Image } from "./archive.ts";
import { commandPath, commands, layerOf, libraries, program } from "./contents.ts";
import type { Entry } from "./entry.ts";

/** Where the executables lie in the image: no directory that a node's is mounted over. */
const home = "opt/cni-chain/bin";
const executables = ["cni-chain", "portmap", "bandwidth", "loopback"];

export interface NodeImageOptions {
  readonly name: string;
  /** The directory of our executables. */
  readonly from: string;
  readonly compressed: boolean;
}

/**
 * What is changed with every release is in a layer of its own, behind the one of this machine's tools. The node's
 * directories are mounted at the paths they have on the node, so that what is noted there is true for both.
 *
 * @throws if an executable was not built, or a tool is not installed
 */
export function nodeImage({ name, from, compressed }: NodeImageOptions): Image {
  const missing = executables.filter((one) => !existsSync(join(from, one)));
  if (missing.length > 0) throw new Error(`no ${missing.join(", ")} in ${from}: run scripts/build first`);
  return {
    name,
    compressed,
    config: {
      Entrypoint: [`/${home}/cni-chain`, "node-install"],
      Env: [`PATH=/${home}:/usr/sbin:/usr/bin:/sbin:/bin`],
      Labels: {
        "org.opencontainers.image.title": "cni-chain",
        "org.opencontainers.image.licenses": "Apache-2.0",
      },
      WorkingDir: "/",
    },
    layers: [
      layerOf([...base(), ...tools(), ...libraries(executables.map((one) => join(from, one)))]),
      layerOf(
        executables.map((one) => ({
          kind: "file",
          path: `${home}/${one}`,
          mode: 0o755,
          from: join(from, one),
        })),
      ),
    ],
  };
}

/** A shell for the readiness probe, and somebody to look around with. */
function base(): Entry[] {
  return [
    ...program(commandPath("busybox", "busybox-static"), "bin/busybox"),
    ...["sh", "ls", "cat", "test"].map(
      (name): Entry => ({ kind: "symlink", path: `bin/${name}`, target: "busybox" }),
    ),
    { kind: "text", path: "etc/passwd", mode: 0o644, text: "root:x:0:0:root:/:/bin/sh\n" },
    { kind: "text", path: "etc/group", mode: 0o644, text: "root:x:0:\n" },
    { kind: "directory", path: "run", mode: 0o755 },
    // The cache has the names of network namespaces with either.
    { kind: "symlink", path: "var/run", target: "../run" },
    { kind: "directory", path: "tmp", mode: 0o1777 },
  ];
}

/** What `repair` and `doctor` start; the plugins themselves run on the node, with the node's. */
function tools(): Entry[] {
  const families = ["iptables", "ip6tables"].flatMap((one) => [one, `${one}-nft`, `${one}-legacy`]);
  const iptables = families.flatMap((one) => ["", "-save", "-restore"].map((suffix) => `${one}${suffix}`));
  const modules = ["/usr/lib", "/usr/lib64", ...multiarch()]
    .map((directory) => `${directory}/xtables`)
    .filter(existsSync)
    .flatMap((directory) => readdirSync(directory).map((file) => join(directory, file)))
    .filter((path) => path.endsWith(".so"));
  return [
    ...commands(iptables, "usr/sbin", "iptables"),
    ...commands(["nft"], "usr/sbin", "nftables"),
    ...commands(["ip", "tc"], "usr/sbin", "iproute2"),
    ...commands(["conntrack"], "usr/sbin", "conntrack"),
    ...modules.map((path): Entry => ({ kind: "file", path: path.slice(1), mode: 0o644, from: path })),
    ...libraries(modules),
  ];
}

/** Debian's directories of one architecture. */
function multiarch(): string[] {
  return readdirSync("/usr/lib")
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => `/usr/lib/${name}`);
}
