import { describe, test } from "vitest";
import { mapping, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

// A UDP flow that the kernel remembers goes on to where it went before, whatever the rules say by now.
describe.concurrent("a UDP client that keeps its source port", () => {
  const flow = { protocol: "udp", sourcePort: 40_000 } as const;
  const dns = { portMappings: [mapping(53, 53, { protocol: "udp" })] };

  test("is served by a pod that came after its first datagram", async ({ expect }) => {
    await using stage = await Stage.set();
    // Somebody's rules make the kernel track connections before the pod comes.
    await stage.add("other", { portMappings: [mapping(5353, 53, { protocol: "udp" })] });
    const { host, node4 } = stage.uplink;
    expect(await ask(host, node4, 53, { ...flow, timeoutMs: 500 })).toBeUndefined();
    expect(await stage.node.run(["conntrack", "-L", "-p", "udp"])).toContain("sport=40000 dport=53");
    const pod = await stage.add("dns", dns);
    await serve(pod.pod, "dns", 53, "udp");
    expect(await ask(host, node4, 53, flow)).toMatchObject({ server: "dns" });
  });

  test("follows the hostPort from a removed pod to the next one", async ({ expect }) => {
    await using stage = await Stage.set();
    const { host, node4, node6 } = stage.uplink;
    const first = await stage.add("first", dns);
    await serve(first.pod, "first", 53, "udp");
    expect(await ask(host, node4, 53, flow)).toMatchObject({ server: "first" });
    expect(await ask(host, node6, 53, flow)).toMatchObject({ server: "first" });
    await stage.chain.del(first.attachment);
    expect(await stage.node.run(["conntrack", "-L", "-p", "udp"])).not.toContain("sport=40000 dport=53");
    const second = await stage.add("second", dns);
    await serve(second.pod, "second", 53, "udp");
    expect(await ask(host, node4, 53, flow)).toMatchObject({ server: "second" });
    expect(await ask(host, node6, 53, flow)).toMatchObject({ server: "second" });
  });

  test("to somebody else's same port is left alone by ADD and DEL", async ({ expect }) => {
    await using stage = await Stage.set();
    const { host, host4 } = stage.uplink;
    const asking = await stage.add("asking", { portMappings: [mapping(8080, 80)] });
    await serve(host, "elsewhere", 53, "udp");
    expect(await ask(asking.pod, host4, 53, flow)).toMatchObject({ server: "elsewhere" });
    const flows = () => stage.node.run(["conntrack", "-L", "-p", "udp"]);
    expect(await flows()).toContain("sport=40000 dport=53");
    const pod = await stage.add("dns", dns);
    expect(await flows()).toContain("sport=40000 dport=53");
    await stage.chain.del(pod.attachment);
    expect(await flows()).toContain("sport=40000 dport=53");
  });
});
