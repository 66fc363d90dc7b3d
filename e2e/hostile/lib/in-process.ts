import { bandwidth } from "@cni-chain/bandwidth/plugin";
import { type Io, runPlugin } from "@cni-chain/core";
import { loopback } from "@cni-chain/loopback/plugin";
import { backendFor } from "@cni-chain/portmap/backends";
import type { Kernel } from "@cni-chain/portmap/kernel";
import { portmap } from "@cni-chain/portmap/plugin";
import { FakeTools } from "./fake-tools.ts";

export type Type = "portmap" | "bandwidth" | "loopback";

export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly tools: FakeTools;
}

const kernelWith = ({ route }: FakeTools): Kernel => ({
  hasIpv6: () => true,
  readSysctl: () => (route.isClosed ? "0" : "1"),
  writeSysctl: () => {},
  localAddresses: () => () => true,
  networksOf: () => ({ widest: 24, has: () => false }),
});

/** A whole call of a plugin in this process, on a node without links and with tools that are played. */
export async function callInProcess(
  type: Type,
  env: Io["env"],
  stdin: string,
  tools = new FakeTools(),
): Promise<Answer> {
  let [stdout, stderr] = ["", ""];
  const io: Io = {
    env,
    readStdin: () => stdin,
    writeStdout: (text) => {
      stdout += text;
    },
    writeStderr: (text) => {
      stderr += text;
    },
    netnsIdentity: () => undefined,
  };
  const exitCode = await run(type, io, tools);
  return { exitCode, stdout, stderr, tools };
}

function run(type: Type, io: Io, runner: FakeTools): Promise<number> {
  if (type === "portmap") {
    const plugin = portmap(async (wanted, warn) => {
      const host = { runner, kernel: kernelWith(runner), path: "" };
      return { ...host, backend: await backendFor(wanted, host, warn) };
    });
    return runPlugin(plugin, io);
  }
  const links = {
    observe: async () => new Map(),
    otherEnd: async () => undefined,
    delete: async () => {},
    change: async () => [{ name: "lo", up: true, addresses: [] }],
  };
  if (type === "loopback") {
    return runPlugin(
      loopback({ byNetlink: async () => links as never, byTools: async () => links as never, path: "" }),
      io,
    );
  }
  const network = { links, tc: { observe: async () => new Map(), change: async () => {} } };
  return runPlugin(
    bandwidth({ byNetlink: async () => network as never, byTools: async () => network as never, path: "" }),
    io,
  );
}
