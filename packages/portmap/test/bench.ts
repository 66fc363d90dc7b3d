import type { AttachmentCall, DelCall, Result } from "@cni-chain/core";
import type { CommandResult, Runner } from "@cni-chain/exec";
import { type FakeIptables, fakeIptables } from "iptables-wrapper/fake";
import { add } from "../src/add.ts";
import { type PortmapConfig, readConfig } from "../src/config.ts";
import { iptablesBackend } from "../src/iptables/backend.ts";
import type { Kernel } from "../src/kernel.ts";
import type { Tools } from "../src/tools.ts";

/** What the plugins before have reported: a container with an address of each family. */
export const prevResult: Result = {
  interfaces: [{ name: "eth0", sandbox: "/run/netns/x" }],
  ips: [{ address: "10.0.0.2/24", interface: 0 }, { address: "fd00::2/64" }],
  routes: [],
};
/** The chain of the bench's container, by iptables. */
export const own = "CNI-DN-623e1c388032b20529218";

/** A node in memory: its rules, its one sysctl, and the lines that were warned. */
export class Bench {
  readonly sysctls = new Map([["net/ipv4/conf/cni0/route_localnet", "0"]]);
  readonly warnings: string[] = [];
  readonly commands: string[] = [];
  readonly iptables: FakeIptables;
  readonly tools: Tools;
  sysctlFailure: Error | undefined;
  conntrack: CommandResult = { kind: "exited", exitCode: 0, stdout: "", stderr: "" };

  constructor(fail?: Parameters<typeof fakeIptables>[0]) {
    this.iptables = fakeIptables(fail);
    const runner: Runner = {
      run: async ({ file, argv }) => {
        this.commands.push([file, ...argv].join(" "));
        if (file === "conntrack") return this.conntrack;
        return { kind: "exited", exitCode: 0, stdout: '[{"dst":"10.0.0.2","dev":"cni0"}]', stderr: "" };
      },
    };
    const kernel: Kernel = {
      hasIpv6: () => true,
      readSysctl: (path) => this.sysctls.get(path),
      writeSysctl: (path, value) => {
        if (this.sysctlFailure !== undefined) throw this.sysctlFailure;
        this.sysctls.set(path, value);
      },
      localAddresses: () => () => true,
      networksOf: () => ({ widest: 24, has: (address) => address.startsWith("10.0.0.") }),
    };
    const host = { runner, kernel, path: "/bin" };
    this.tools = { ...host, backend: iptablesBackend(this.iptables, host) };
  }

  call(portMappings: readonly object[], fields: object = {}): AttachmentCall<PortmapConfig> {
    const config = readConfig({ ...fields, runtimeConfig: { portMappings } } as Parameters<
      typeof readConfig
    >[0]);
    if (!config.ok) throw new Error("bad test");
    return { ...this.delCall(), config: config.value, netns: "/run/netns/x", prevResult };
  }

  delCall(): DelCall {
    return {
      attachment: { network: "net", containerId: "c1", ifname: "eth0" },
      cniVersion: "1.0.0",
      netns: undefined,
      prevResult: undefined,
      netConf: {},
      warn: (message) => this.warnings.push(message),
    };
  }

  add(call: AttachmentCall<PortmapConfig>) {
    return add(call, prevResult, this.tools);
  }
}

export const web = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
export const dns = { hostPort: 53, containerPort: 53, protocol: "udp" };

export const localnet = "net/ipv4/conf/cni0/route_localnet";
/** How many devices are marked as opened by us. */
export const markers = (bench: Bench) =>
  bench.iptables.rules("v4", "CNI-HOSTPORT-LOCAL", "raw")?.filter((rule) => rule.includes("opened")).length;
