import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Node, type Pod } from "../lib/node.ts";
import { whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, mapping } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { Scene } from "./scene.ts";

// Pods that stand on the node's own line, macvlan and ipvlan: no end of their link is on the node.
const modes = { macvlan: "bridge", ipvlan: "l2" } as const;
type Kind = keyof typeof modes;
const kinds: readonly Kind[] = ["macvlan", "ipvlan"];

async function whyNot(kind: Kind): Promise<string | undefined> {
  await using node = await Node.start();
  await node.ip("link add lan0 type veth peer name far");
  const link = ["ip", "link", "add", "link", "lan0", "name", "x", "type", kind, "mode", modes[kind]];
  const { exitCode, stderr } = await node.try(link);
  return exitCode === 0 ? whyNoReference() : stderr.trim();
}

const usable: Kind[] = [];
for (const kind of kinds) {
  const reason = await whyNot(kind);
  if (reason === undefined) usable.push(kind);
  else console.warn(`left out: behind ${kind}: ${reason}`);
}

const bandwidth = { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 0, egressBurst: 0 };
const nodeOnLan = "198.51.100.1";

/** The node's line to its neighbours, with another machine on it. */
async function layLan({ node }: Scene): Promise<Pod> {
  const neighbour = await node.addPod("neighbour");
  await node.ip(
    "link add lan0 type veth peer name eth0 netns neighbour",
    `address add ${nodeOnLan}/24 dev lan0`,
    "link set lan0 up",
  );
  await neighbour.ip("address add 198.51.100.2/24 dev eth0", "link set eth0 up");
  return neighbour;
}

describe.each(usable)("behind %s", (kind) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.set(kind);
    await layLan(scene);
  });
  afterAll(() => scene.node.close());

  test("a pod without limits passes, and nothing is left of it", async () => {
    await scene.add("other", { portMappings: [mapping(9090, 90)] });
    const before = withoutShared(await takeSnapshot(scene.node));
    const { result, attachment } = await scene.add("web", { portMappings: [mapping(8080, 80)] });
    expect(result.interfaces?.map(({ name }) => name)).toEqual(["eth0"]);
    await scene.chain.check(attachment);
    expect(difference(before, await takeSnapshot(scene.node))).not.toEqual([]);
    await scene.del(attachment);
    expect(difference(before, withoutShared(await takeSnapshot(scene.node)))).toEqual([]);
    await scene.del({ ...attachment, netns: "" });
  });

  test("a limit is refused, with what to do instead, and nothing is left", async () => {
    const before = withoutShared(await takeSnapshot(scene.node));
    const pod = await scene.node.addPod("limited");
    const attachment = {
      containerId: "limited",
      ifname: "eth0",
      netns: pod.netns,
      capabilityArgs: { bandwidth, portMappings: [mapping(8081, 80)] },
    };
    await expect(scene.chain.add(attachment)).rejects.toMatchObject({
      plugin: "bandwidth",
      document: {
        msg: expect.stringContaining(`is of kind ${kind}, not veth`),
        details: expect.stringMatching(/bridge, ptp.*leave this pod's limits out.*parent device.*master/),
      },
    });
    await scene.chain.del(attachment);
    expect(difference(before, withoutShared(await takeSnapshot(scene.node)))).toEqual([]);
  });
});

describe.each(usable.filter((kind) => kind === "macvlan"))("a hostPort behind %s", (kind) => {
  let scene: Scene;
  let neighbour: Pod;
  let early: Added;
  let web: Added;

  beforeAll(async () => {
    scene = await Scene.set(kind);
    neighbour = await layLan(scene);
    early = await scene.add("early", { portMappings: [mapping(8081, 80)] });
    await serve(early.pod, "early", 80);
  });
  afterAll(() => scene.node.close());

  test("leads nowhere while the node itself cannot reach its pods", async () => {
    expect(await ask(neighbour, address(early), 80)).toMatchObject({ server: "early" });
    expect(await ask(scene.node, address(early), 80, { timeoutMs: 500 })).toBeUndefined();
    expect(await ask(scene.uplink.host, scene.uplink.node4, 8081, { timeoutMs: 500 })).toBeUndefined();
  });

  describe("with a macvlan of the node's own as the pods' gateway", () => {
    beforeAll(async () => {
      await scene.node.ip(
        "link add link lan0 name shim0 type macvlan mode bridge",
        "address add 198.51.100.3/32 dev shim0",
        "link set shim0 up",
        "route add 198.51.100.64/26 dev shim0",
      );
      web = await scene.add("web", {
        portMappings: [mapping(8080, 80), mapping(5353, 53, { protocol: "udp" })],
      });
      await Promise.all([serve(web.pod, "web", 80), serve(web.pod, "dns", 53, "udp")]);
    });

    test("answers another host, which masqAll hides behind the node", async () => {
      const answer = await ask(scene.uplink.host, scene.uplink.node4, 8080);
      expect(answer).toEqual({ server: "web", peer: "198.51.100.3" });
    });

    test("answers a neighbour on the pods' own line", async () => {
      expect(await ask(neighbour, nodeOnLan, 8080)).toMatchObject({ server: "web" });
    });

    test("answers the node on 127.0.0.1", async () => {
      expect(await ask(scene.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    });

    test("answers another pod, and the pod itself", async () => {
      expect(await ask(early.pod, scene.uplink.node4, 8080)).toMatchObject({ server: "web" });
      expect(await ask(web.pod, scene.uplink.node4, 8080)).toMatchObject({ server: "web" });
    });

    test("answers datagrams", async () => {
      const { host, node4 } = scene.uplink;
      expect(await ask(host, node4, 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
    });
  });
});

function address({ result }: Added): string {
  return result.ips?.[0]?.address.split("/")[0] ?? "";
}
