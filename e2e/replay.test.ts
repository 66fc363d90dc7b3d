import { describe, test } from "vitest";
import { callPlugin } from "./lib/binary.ts";
import { Node } from "./lib/node.ts";
import { plugin } from "./lib/plugins.ts";
import { addBefore, type RecordedCall, rebuild, recordedCalls } from "./lib/recorded.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";

/** Where our answer is meant to differ from the reference's: what ours is instead, and why. */
const differences: Readonly<Record<string, { readonly stdout: unknown; readonly because: string }>> = {
  "podman-portmap-VERSION": {
    stdout: {
      cniVersion: "1.0.0",
      supportedVersions: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
    },
    because: "the recorded reference is older than CNI 1.1.0",
  },
  "libcni-loopback-VERSION": {
    stdout: {
      cniVersion: "1.0.0",
      supportedVersions: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
    },
    because: "the recorded reference is older than CNI 1.1.0",
  },
  "libcni-bandwidth-VERSION": {
    stdout: { cniVersion: "1.0.0", supportedVersions: ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] },
    because: "the recorded reference is older than CNI 1.1.0",
  },
  "containerd-1.0.0-loopback-ADD": {
    stdout: {
      cniVersion: "0.3.1",
      interfaces: [
        {
          name: "lo",
          mac: "00:00:00:00:00:00",
          sandbox: "/run/netns/cni-38be832b-486e-59f1-6821-fa9add00e201",
        },
      ],
      ips: [
        { version: "4", interface: 0, address: "127.0.0.1/8" },
        { version: "6", interface: 0, address: "::1/128" },
      ],
      dns: {},
    },
    because: "up to 0.4.0 the specification wants ips[].version, which the reference leaves out",
  },
};

const all = recordedCalls();

describe("calls recorded from containerd, kubelet, podman and libcni", () => {
  test.concurrent.for(all)("$name is answered as the reference answered", async (call, { expect }) => {
    await using node = await Node.start();
    const before = await arrange(node, call);
    const answer = await callPlugin(node, {
      binary: plugin(call.plugin),
      env: envOf(call),
      stdin: call.stdin,
    });
    expect(answer.exitCode, answer.stdout + answer.stderr).toBe(call.exit);
    if (call.exit === 0) {
      const expected = differences[call.name]?.stdout ?? call.stdout;
      expect(withoutIfbMac(answer.json ?? "")).toEqual(withoutIfbMac(expected));
    } else {
      // The reference says 999 to everything and names every rule but the one that is missing.
      expect(answer.json).toMatchObject({ code: 101, cniVersion: call.stdin["cniVersion"] });
      expect(answer.stdout).toContain("CNI-HOSTPORT-DNAT");
    }
    if (call.command === "DEL") {
      expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
    }
  });
});

/** Brings the node to where it was when the call came; gives the snapshot that a DEL has to restore. */
async function arrange(node: Node, call: RecordedCall) {
  const add = call.command === "VERSION" ? undefined : addBefore(call, all);
  const situation = add ?? call;
  const netns = situation.env["CNI_NETNS"] ?? "";
  if (call.command !== "VERSION" && netns !== "")
    await rebuild(node, netns, situation.stdin.prevResult ?? {});
  const before = withoutShared(await takeSnapshot(node));
  if (add === undefined || call.command === "ADD") return before;
  const binary = plugin(add.plugin);
  await callPlugin(node, { binary, env: envOf(add), stdin: add.stdin });
  if (call.name.endsWith("CHECK-refused")) {
    await node.run(["iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]);
  }
  // The runtime's second DEL comes when namespace and links are long gone.
  if (call.env["CNI_NETNS"] === "") {
    const veth = add.stdin.prevResult?.interfaces?.find(({ name }) => name.startsWith("veth"));
    if (veth !== undefined) await node.run(["ip", "link", "delete", veth.name]);
    await node.removeNetns(node.netns(netns));
    return new Map(
      [...before].map(([name, lines]) => [
        name,
        lines.filter((line) => veth === undefined || !line.includes(veth.name)),
      ]),
    );
  }
  return before;
}

/** The recorded environment; a PATH that was special to the recording machine gives way to the node's own. */
function envOf(call: RecordedCall): Readonly<Record<string, string | undefined>> {
  const { PATH = "", ...env } = call.env;
  return PATH.includes("/usr/sbin") ? { ...env, PATH } : env;
}

/** The kernel makes up an ifb's hardware address. */
function withoutIfbMac(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) => {
    const isIfb =
      typeof inner === "object" && inner !== null && "name" in inner && /^bwp/.test(String(inner.name));
    return isIfb ? { ...inner, mac: "made up" } : inner;
  });
}
