import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { podAddress } from "./lib/base-plugin.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

// Every place a hostPort has to be reachable from, on both usual kinds of base network and both iptables.
const networks = [
  { iptables: "nft", base: { mode: "bridge", hairpinMode: true } },
  { iptables: "nft", base: { mode: "ptp" } },
  { iptables: "legacy", base: { mode: "bridge", hairpinMode: true } },
  { iptables: "legacy", base: { mode: "ptp" } },
] as const;

describe.each(networks)("a hostPort on iptables-$iptables, base network $base.mode", (network) => {
  let stage: Stage;
  let web: Added;
  let other: Added;

  beforeAll(async () => {
    stage = await Stage.set({ ...network, chained: [portmap(), bandwidth(), loopback] });
    web = await stage.add("web", {
      portMappings: [mapping(8080, 80), mapping(5353, 53, { protocol: "udp" })],
    });
    other = await stage.add("other");
    await Promise.all([serve(web.pod, "web", 80), serve(web.pod, "dns", 53, "udp")]);
  });
  afterAll(() => stage.node.close());

  for (const family of [4, 6] as const) {
    const nodeAddress = () => (family === 4 ? stage.uplink.node4 : stage.uplink.node6);
    const hostAddress = () => (family === 4 ? stage.uplink.host4 : stage.uplink.host6);

    describe(`over IPv${family}`, () => {
      test("answers a client host, and the pod sees the client's own address", async () => {
        const answer = await ask(stage.uplink.host, nodeAddress(), 8080);
        expect(answer).toEqual({ server: "web", peer: hostAddress() });
      });

      test("answers the node on its own address", async () => {
        expect(await ask(stage.node, nodeAddress(), 8080)).toMatchObject({ server: "web" });
      });

      test("answers another pod", async () => {
        expect(await ask(other.pod, nodeAddress(), 8080)).toMatchObject({ server: "web" });
      });

      test("answers the pod itself, which sees the node as its client", async () => {
        const answer = await ask(web.pod, nodeAddress(), 8080);
        expect(answer?.server).toBe("web");
        expect(answer?.peer).not.toBe(podAddress(web.result, family));
      });

      test("answers datagrams of a client host, the node and the pod itself", async () => {
        for (const from of [stage.uplink.host, stage.node, web.pod]) {
          expect(await ask(from, nodeAddress(), 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
        }
      });
    });
  }

  test("answers the node on 127.0.0.1, TCP and UDP", async () => {
    expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    expect(await ask(stage.node, "127.0.0.1", 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
  });

  test("leaves the pod's own port where it is", async () => {
    expect(await ask(stage.uplink.host, podAddress(web.result, 4), 80)).toMatchObject({ server: "web" });
  });

  test("does not open a port that is not mapped", async () => {
    expect(await ask(stage.uplink.host, stage.uplink.node4, 80, { timeoutMs: 1000 })).toBeUndefined();
  });

  test("does not catch traffic to other machines' same port", async () => {
    await serve(stage.uplink.host, "client host", 8080);
    expect(await ask(web.pod, stage.uplink.host4, 8080)).toMatchObject({ server: "client host" });
    expect(await ask(stage.node, stage.uplink.host4, 8080)).toMatchObject({ server: "client host" });
  });

  test("is closed by DEL", async () => {
    const shortLived = await stage.add("short-lived", { portMappings: [mapping(8081, 81)] });
    await serve(shortLived.pod, "short-lived", 81);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8081)).toMatchObject({ server: "short-lived" });
    await stage.chain.del(shortLived.attachment);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8081, { timeoutMs: 1000 })).toBeUndefined();
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
  });
});

test("a pod reaches itself over a bridge without hairpin where bridged packets skip iptables", async () => {
  await using stage = await Stage.set({ base: { mode: "bridge", hairpinMode: false } });
  await stage.node.sysctl({ "bridge/bridge-nf-call-iptables": 0, "bridge/bridge-nf-call-ip6tables": 0 });
  const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
  await serve(web.pod, "web", 80);
  expect(await ask(web.pod, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
  expect(await ask(web.pod, stage.uplink.node6, 8080)).toMatchObject({ server: "web" });
});
