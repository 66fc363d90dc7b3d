import { describe, expect, test } from "vitest";
import { Chain } from "../lib/chain.ts";
import type { PluginConf } from "../lib/cni.ts";
import type { Place } from "../lib/place.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { type Added, bandwidth, mapping, portmap, Stage } from "../lib/stage.ts";
import { ask, type Protocol, serve } from "../lib/traffic.ts";
import { addCached, cacheDir } from "./cached.ts";

const tool = plugin("cni-chain");

interface Explained {
  readonly from: string;
  readonly to: string;
  readonly delivered: boolean;
  readonly certain: boolean;
  readonly stoppedAt: string | null;
  readonly conclusion: string;
  readonly hops: readonly {
    name: string;
    remedy?: string;
    passes: boolean;
    text: string;
    rules: { chain: string; text: string }[];
  }[];
  readonly receiver: { address: string; port: number; containerId: string | null } | null;
  readonly limits: { ingressBitsPerSecond: number | null; egressBitsPerSecond: number | null };
  readonly notes: readonly string[];
}

/** A node with servers in pods, whose ports are asked and explained. */
class Scene implements AsyncDisposable {
  readonly stage: Stage;
  private constructor(stage: Stage) {
    this.stage = stage;
  }

  static async set(options: Parameters<typeof Stage.set>[0] = {}): Promise<Scene> {
    return new Scene(await Stage.set(options));
  }

  /** A pod that serves TCP and UDP on port 80 under its name, with an entry in libcni's cache. */
  async pod(name: string, hostPorts: readonly object[], limits = {}): Promise<Added> {
    const added = await addCached(this.stage, name, { portMappings: hostPorts, ...limits });
    await this.serve(added);
    return added;
  }

  async serve({ pod, attachment }: Added): Promise<void> {
    await serve(pod, attachment.containerId, 80);
    await serve(pod, attachment.containerId, 80, "udp");
  }

  run(...args: readonly string[]) {
    return this.stage.node.try([tool, "explain", ...args, "--cache-dir", cacheDir]);
  }

  async explain(...args: readonly string[]): Promise<Explained> {
    const { exitCode, stdout, stderr } = await this.run(...args, "--json");
    if (stdout === "") throw new Error(`exit code ${exitCode}: ${stderr}`);
    const explained: Explained = JSON.parse(stdout);
    expect(exitCode).toBe(explained.delivered ? 0 : 1);
    return explained;
  }

  /** What real traffic says of the same packet: the name of who answers. */
  async truth(
    place: Place,
    to: string,
    port: number,
    protocol: Protocol = "tcp",
  ): Promise<string | undefined> {
    return (await ask(place, to, port, { protocol, timeoutMs: 1500 }))?.server;
  }

  /** Explains a port for another host and asks it from there: both have to agree. */
  async fromOutside(port: number, protocol: Protocol = "tcp"): Promise<Explained> {
    const { host, host4, node4 } = this.stage.uplink;
    const explained = await this.explain(`${protocol}/${port}`, "--from", host4, "--to", node4);
    const answered = await this.truth(host, node4, port, protocol);
    expect({
      delivered: explained.delivered,
      by: explained.delivered ? explained.receiver?.containerId : undefined,
    }).toEqual({
      delivered: answered !== undefined,
      by: answered,
    });
    return explained;
  }

  /** The same for the node itself, by way of 127.0.0.1. */
  async fromNode(port: number): Promise<Explained> {
    const explained = await this.explain(`tcp/${port}`, "--from", "127.0.0.1");
    const answered = await this.truth(this.stage.node, "127.0.0.1", port);
    expect(explained.delivered).toBe(answered !== undefined);
    return explained;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage[Symbol.asyncDispose]();
  }
}

const backends: readonly { name: string; iptables: "nft" | "legacy"; portmap: PluginConf }[] = [
  { name: "iptables-nft", iptables: "nft", portmap: portmap() },
  { name: "iptables-legacy", iptables: "legacy", portmap: portmap() },
  { name: "nftables", iptables: "nft", portmap: portmap({ backend: "nftables" }) },
];

describe.each(backends)("$name", ({ iptables, portmap: conf, name }) => {
  const set = (more: readonly PluginConf[] = []) => Scene.set({ iptables, chained: [conf, ...more] });
  const filter = name === "iptables-legacy" ? "iptables-legacy" : "iptables";

  test("delivered, from everywhere, and nothing is changed by looking", async () => {
    await using scene = await set([bandwidth()]);
    const limits = {
      ingressRate: 10_000_000,
      ingressBurst: 500_000,
      egressRate: 2_000_000,
      egressBurst: 200_000,
    };
    const { result } = await scene.pod("web", [mapping(8080, 80), mapping(5353, 80, { protocol: "udp" })], {
      bandwidth: limits,
    });
    const before = await takeSnapshot(scene.stage.node);
    const outside = await scene.fromOutside(8080);
    expect(outside).toMatchObject({
      delivered: true,
      certain: true,
      stoppedAt: null,
      receiver: { containerId: "web", port: 80 },
      limits: { ingressBitsPerSecond: 10_000_000, egressBitsPerSecond: 2_000_000 },
    });
    expect(outside.hops.map((hop) => hop.name)).toEqual([
      ...["arrival", "prerouting", "routing", "forward", "postrouting", "pod", "listener", "reply"],
    ]);
    expect(outside.hops[1]?.rules.at(-1)?.text).toMatch(/10\.88\.0\.2:80/);
    await scene.fromOutside(5353, "udp");
    expect(await scene.fromNode(8080)).toMatchObject({ delivered: true, stoppedAt: null });
    const address = result.ips?.[0]?.address.split("/")[0] ?? "";
    expect(await scene.explain("tcp/8080", "--from", address, "--to", "10.88.0.1")).toMatchObject({
      delivered: true,
    });
    const unasked = await scene.explain("8080");
    expect(unasked).toMatchObject({ delivered: true, to: scene.stage.uplink.node4 });
    const text = await scene.run("8080");
    expect(text.stdout).toMatch(/delivered to 10\.88\.0\.2:80 \(pod default\/web\)/);
    expect(text.stdout).toContain("limited to 10 Mbit/s into the pod, 2 Mbit/s out of it");
    expect(difference(before, await takeSnapshot(scene.stage.node))).toEqual([]);
  });

  test("ip_forward is 0", async () => {
    await using scene = await set();
    await scene.pod("web", [mapping(8080, 80)]);
    await scene.stage.node.sysctl({ "ipv4/ip_forward": 0 });
    const explained = await scene.fromOutside(8080);
    expect(explained).toMatchObject({ delivered: false, stoppedAt: "routing" });
    expect(explained.conclusion).toContain("ip_forward is 0");
    expect(await scene.fromNode(8080)).toMatchObject({ delivered: true });
  });

  test("what leads to the pod is down, then the pod has no way back", async () => {
    await using scene = await set();
    const { pod } = await scene.pod("web", [mapping(8080, 80)]);
    const { node } = scene.stage;
    const veth = /: (\S+?)@/.exec(await node.run(["ip", "-o", "link", "show", "master", "cni0"]))?.[1] ?? "";
    // Without the bridge's route a packet to the pod takes this one.
    await node.run(["ip", "route", "add", "default", "via", scene.stage.uplink.host4]);
    for (const device of [veth, "cni0"]) {
      await node.run(["ip", "link", "set", "dev", device, "down"]);
      const explained = await scene.fromOutside(8080);
      expect(explained).toMatchObject({ delivered: false, stoppedAt: "pod" });
      expect(explained.conclusion).toContain(`${device}, by which the node reaches the pod, is down`);
      await node.run(["ip", "link", "set", "dev", device, "up"]);
    }
    await node.run(["ip", "link", "set", "dev", veth, "nomaster"]);
    const outside = await scene.fromOutside(8080);
    expect(outside).toMatchObject({ delivered: false, stoppedAt: "pod" });
    expect(outside.conclusion).toContain(
      `${veth}, by which the node reaches the pod, is no port of bridge cni0`,
    );
    await node.run(["ip", "link", "set", "dev", veth, "master", "cni0"]);
    await pod.run(["ip", "route", "delete", "default"]);
    const explained = await scene.fromOutside(8080);
    expect(explained).toMatchObject({ delivered: false, stoppedAt: "reply" });
    expect(explained.conclusion).toContain(`the pod has no route to ${scene.stage.uplink.host4}`);
    expect(await scene.fromNode(8080)).toMatchObject({ delivered: true });
  });

  test("chain FORWARD drops by its policy, then by a rule, then lets it through", async () => {
    await using scene = await set();
    await scene.pod("web", [mapping(8080, 80)]);
    const { node } = scene.stage;
    await node.run([filter, "-P", "FORWARD", "DROP"]);
    const policy = await scene.fromOutside(8080);
    expect(policy).toMatchObject({ delivered: false, stoppedAt: "forward" });
    expect(policy.conclusion).toMatch(/policy of chain FORWARD/);
    await node.run([filter, "-A", "FORWARD", "-m", "conntrack", "--ctstate", "DNAT", "-j", "ACCEPT"]);
    expect(await scene.fromOutside(8080)).toMatchObject({ delivered: true });
    await node.run([filter, "-I", "FORWARD", "-p", "tcp", "--dport", "80", "-j", "REJECT"]);
    const rule = await scene.fromOutside(8080);
    expect(rule).toMatchObject({ delivered: false, stoppedAt: "forward" });
    expect(rule.conclusion).toMatch(/refused by rule 1 of chain FORWARD/);
    await node.run([filter, "-F", "FORWARD"]);
    const ways = ["-m", "conntrack", "--ctstate", "NEW", "-j", "ACCEPT"];
    await node.run([filter, "-A", "FORWARD", ...ways]);
    expect(await scene.fromOutside(8080)).toMatchObject({ delivered: false, stoppedAt: "reply" });
  });

  test("the rules are lost", async () => {
    await using scene = await set();
    await scene.pod("web", [mapping(8080, 80)]);
    const flush =
      name === "nftables"
        ? ["nft", "flush", "chain", "ip", "cni_hostport", "hostports"]
        : ["iptables", "-t", "nat", "-F"];
    await scene.stage.node.run(flush);
    const explained = await scene.fromOutside(8080);
    expect(explained).toMatchObject({ delivered: false, stoppedAt: "prerouting", receiver: null });
    expect(explained.notes.join("\n")).toMatch(
      /container web on network net asked for this port.*rule is missing/,
    );
  });

  test("the pod is gone, and its rules are not", async () => {
    await using scene = await set();
    const { pod } = await scene.pod("web", [mapping(8080, 80)]);
    await pod.run(["ip", "link", "delete", "eth0"]);
    const noAddress = await scene.fromOutside(8080);
    expect(noAddress).toMatchObject({ delivered: false, stoppedAt: "pod" });
    // Its namespace stands, so repair would leave its rules as they are.
    expect(noAddress.hops.find(({ name }) => name === "pod")?.remedy).toMatch(/^remove the pod/);
    await scene.stage.node.removeNetns(pod);
    const gone = await scene.fromOutside(8080);
    expect(gone).toMatchObject({ delivered: false, stoppedAt: "pod" });
    expect(gone.conclusion).toContain("/run/netns/web");
  });

  test("another container took the port", async () => {
    await using scene = await set();
    await scene.pod("old", [mapping(8080, 80)]);
    await scene.pod("new", [mapping(8080, 80)]);
    const explained = await scene.fromOutside(8080);
    expect(explained.receiver).toMatchObject({ containerId: "new" });
    expect(explained.notes.join("\n")).toMatch(/pod default\/old wants this port, too/);
  });

  test("a hostIP that does not match, another protocol, and the node's own listener", async () => {
    await using scene = await set();
    await scene.pod("web", [
      mapping(8080, 80, { hostIP: "127.0.0.1" }),
      mapping(8081, 80, { protocol: "udp" }),
    ]);
    const bound = await scene.fromOutside(8080);
    expect(bound).toMatchObject({ delivered: false, stoppedAt: "prerouting" });
    expect(bound.notes.join("\n")).toMatch(/tcp\/8080 is forwarded to pod default\/web for 127\.0\.0\.1/);
    expect(await scene.fromNode(8080)).toMatchObject({ delivered: true });
    const protocol = await scene.fromOutside(8081);
    expect(protocol.notes.join("\n")).toMatch(/udp\/8081 is forwarded to pod default\/web/);
    await serve(scene.stage.node, "node", 9090);
    const own = await scene.explain("tcp/9090");
    expect(own).toMatchObject({ delivered: false, stoppedAt: "prerouting" });
    expect(own.notes.join("\n")).toMatch(/the node itself listens on tcp\/9090/);
  });

  test("a route that delivers nothing takes the pod's address", async () => {
    await using scene = await set();
    const { pod } = await scene.pod("web", [mapping(8080, 80)]);
    expect(await scene.fromOutside(8080)).toMatchObject({ delivered: true });
    const [address] = /10\.88\.0\.\d+(?=\/)/.exec(await pod.run(["ip", "-4", "addr", "show", "eth0"])) ?? [];
    for (const type of ["blackhole", "unreachable", "prohibit"]) {
      await scene.stage.node.run(["ip", "route", "replace", type, `${address}/32`]);
      const explained = await scene.fromOutside(8080);
      expect(explained).toMatchObject({ delivered: false, stoppedAt: "routing" });
      expect(explained.conclusion).toContain(`route of type ${type} `);
    }
  });

  test("route_localnet is 0", async () => {
    await using scene = await set();
    await scene.pod("web", [mapping(8080, 80)]);
    expect(await scene.fromNode(8080)).toMatchObject({ delivered: true });
    await scene.stage.node.sysctl({ "ipv4/conf/cni0/route_localnet": 0 });
    const explained = await scene.fromNode(8080);
    expect(explained).toMatchObject({ delivered: false, stoppedAt: "routing" });
    expect(explained.conclusion).toContain("route_localnet of cni0 is 0");
    expect(await scene.fromOutside(8080)).toMatchObject({ delivered: true });
  });

  test("nothing listens in the pod", async () => {
    await using scene = await set();
    await scene.pod("web", [mapping(8080, 81)]);
    const explained = await scene.fromOutside(8080);
    expect(explained).toMatchObject({ delivered: false, stoppedAt: "listener" });
    expect(explained.conclusion).toContain("nothing in the pod listens on tcp/81");
  });

  test("somebody else's rule takes it first", async () => {
    await using scene = await set();
    await scene.pod("web", [mapping(8080, 80)]);
    const { node } = scene.stage;
    if (name === "nftables") {
      const text =
        "table ip kube { chain pre { type nat hook prerouting priority -110; tcp dport 8080 dnat to 10.88.0.250:80; }; }";
      await node.run(["nft", "-f", "-"], { stdin: text });
    } else {
      await node.run(["iptables", "-t", "nat", "-N", "KUBE-SERVICES"]);
      await node.run(["iptables", "-t", "nat", "-I", "PREROUTING", "-j", "KUBE-SERVICES"]);
      expect((await scene.fromOutside(8080)).hops[1]?.text).toContain("nothing in KUBE-SERVICES takes it");
      const rule = ["-p", "tcp", "--dport", "8080", "-j", "DNAT", "--to-destination", "10.88.0.250:80"];
      await node.run(["iptables", "-t", "nat", "-A", "KUBE-SERVICES", ...rule]);
    }
    const explained = await scene.fromOutside(8080);
    expect(explained).toMatchObject({ delivered: false, stoppedAt: "prerouting" });
    expect(explained.conclusion).toMatch(/is not portmap's, takes it to 10\.88\.0\.250:80/);
    expect(explained.notes.join("\n")).toMatch(/pod default\/web wants this port/);
  });

  test("without snat neither the node's 127.0.0.1 nor the pod itself gets an answer", async () => {
    const bare = { ...conf, snat: false };
    await using scene = await Scene.set({ iptables, chained: [bare] });
    const { pod } = await scene.pod("web", [mapping(8080, 80)]);
    expect(await scene.fromOutside(8080)).toMatchObject({ delivered: true });
    expect(await scene.fromNode(8080)).toMatchObject({ delivered: false });
    const hairpin = await scene.explain("tcp/8080", "--from", "10.88.0.2", "--to", "10.88.0.1");
    expect(hairpin.delivered).toBe((await scene.truth(pod, "10.88.0.1", 8080)) !== undefined);
    expect(hairpin).toMatchObject({ delivered: false, stoppedAt: "postrouting" });
  });
});

describe("two backends have the port", () => {
  const nftables = portmap({ backend: "nftables" });

  test.each([
    ["iptables", "nftables", [portmap(), nftables]],
    ["nftables", "iptables", [nftables, portmap()]],
  ] as const)("%s first, then %s: who was made last has it", async (_first, _then, [one, other]) => {
    await using scene = await Scene.set({ iptables: "nft", chained: [one] });
    await scene.pod("old", [mapping(8080, 80)]);
    const later = scene.stage.chainOf({ chained: [other] }, "other");
    const added = await addCached(
      scene.stage,
      "new",
      { portMappings: [mapping(8080, 80)] },
      { chain: later },
    );
    await scene.serve(added);
    const explained = await scene.fromOutside(8080);
    expect(explained).toMatchObject({ delivered: true, receiver: { containerId: "new" } });
    expect(explained.notes.join("\n")).toMatch(/pod default\/old wants this port/);
  });

  test("one of them iptables-legacy: it says that it may be either", async () => {
    await using scene = await Scene.set({ iptables: "legacy", chained: [portmap()] });
    await scene.pod("old", [mapping(8080, 80)]);
    const later = scene.stage.chainOf({ chained: [nftables] }, "other");
    const added = await addCached(
      scene.stage,
      "new",
      { portMappings: [mapping(8080, 80)] },
      { chain: later },
    );
    await scene.serve(added);
    const { host4, node4 } = scene.stage.uplink;
    const explained = await scene.explain("tcp/8080", "--from", host4, "--to", node4);
    expect(explained).toMatchObject({ delivered: true, certain: false });
    expect(explained.notes.join("\n")).toMatch(/iptables-legacy and nftables both translate it/);
  });
});

test("ports that the reference plugin forwards", async () => {
  const why = whyNoReference();
  if (why !== undefined) return console.log(why);
  await using scene = await Scene.set({ chained: [] });
  const { stage } = scene;
  const chain = new Chain(stage.node, reference.directory, {
    ...stage.chain.conf,
    cniVersion: "1.0.0",
    plugins: [{ type: "base" }, portmap()],
  });
  const added = await stage.add("web", { portMappings: [mapping(8080, 80)] }, chain);
  await scene.serve(added);
  expect(await scene.fromOutside(8080)).toMatchObject({ delivered: true, stoppedAt: null });
  expect(plugins).not.toBe(reference.directory);
});

test("the device that clients come by is down", async () => {
  await using scene = await Scene.set();
  await scene.pod("web", [mapping(8080, 80)]);
  await scene.stage.node.run(["ip", "link", "set", "dev", "up1", "down"]);
  const explained = await scene.explain("tcp/8080");
  expect(explained).toMatchObject({ delivered: false, stoppedAt: "arrival" });
  expect(explained.hops[0]).toMatchObject({ remedy: "ip link set dev up1 up" });
});

test("IPv6, and what makes no sense", async () => {
  await using scene = await Scene.set();
  await scene.pod("web", [mapping(8080, 80)]);
  const { host, host6, node6 } = scene.stage.uplink;
  const explained = await scene.explain("tcp/8080", "--from", host6, "--to", node6);
  expect(explained.delivered).toBe((await scene.truth(host, node6, 8080)) !== undefined);
  expect(explained).toMatchObject({ delivered: true, receiver: { containerId: "web" } });
  expect(await scene.explain("tcp/8080", "--from", "::1")).toMatchObject({ delivered: false });
  const foreign = await scene.explain("tcp/8080", "--to", "198.51.100.7");
  expect(foreign).toMatchObject({ delivered: false, stoppedAt: "arrival" });
  for (const args of [["icmp/1"], ["tcp/0"], ["8080", "--from", "nonsense"]]) {
    expect(await scene.run(...args)).toMatchObject({ exitCode: 2, stdout: "" });
  }
});
