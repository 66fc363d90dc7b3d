import { describe, test } from "vitest";
import { addHost } from "./lib/host.ts";
import { type Added, mapping, portmap, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

const refused = { timeoutMs: 1000 };

const natRules = (stage: Stage) => stage.node.run(["iptables", "-t", "nat", "-S"]);

/** A stage whose portmap has these fields, with one pod that maps 8080 to a server. */
async function withWeb(
  fields: Readonly<Record<string, unknown>>,
  mappings = [mapping(8080, 80)],
): Promise<{ stage: Stage; web: Added }> {
  const stage = await Stage.set({ chained: [portmap(fields)] });
  const web = await stage.add("web", { portMappings: mappings });
  await serve(web.pod, "web", 80);
  return { stage, web };
}

describe.concurrent("hostIP", () => {
  test("an address of the node opens the port on that address only", async ({ expect }) => {
    await using stage = await Stage.set();
    const { node4, node6, host } = stage.uplink;
    const web = await stage.add("web", { portMappings: [mapping(8080, 80, { hostIP: node4 })] });
    await serve(web.pod, "web", 80);
    expect(await ask(host, node4, 8080)).toMatchObject({ server: "web" });
    expect(await ask(host, "10.88.0.1", 8080, refused)).toBeUndefined();
    expect(await ask(host, node6, 8080, refused)).toBeUndefined();
  });

  test("127.0.0.1 opens the port to the node alone", async ({ expect }) => {
    const { stage } = await withWeb({}, [mapping(8080, 80, { hostIP: "127.0.0.1" })]);
    await using _ = stage;
    expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080, refused)).toBeUndefined();
  });

  test("0.0.0.0 means every IPv4 address, and :: every IPv6 address", async ({ expect }) => {
    const { stage } = await withWeb({}, [
      mapping(8084, 80, { hostIP: "0.0.0.0" }),
      mapping(8086, 80, { hostIP: "::" }),
    ]);
    await using _ = stage;
    const { host, node4, node6 } = stage.uplink;
    expect(await ask(host, node4, 8084)).toMatchObject({ server: "web" });
    expect(await ask(host, "10.88.0.1", 8084)).toMatchObject({ server: "web" });
    expect(await ask(host, node6, 8084, refused)).toBeUndefined();
    expect(await ask(host, node6, 8086)).toMatchObject({ server: "web" });
    expect(await ask(host, node4, 8086, refused)).toBeUndefined();
  });

  test("an address of a family the pod does not have is skipped, the other mappings work", async ({
    expect,
  }) => {
    await using stage = await Stage.set({ base: { families: [4] } });
    const web = await stage.add("web", {
      portMappings: [mapping(8086, 80, { hostIP: stage.uplink.node6 }), mapping(8080, 80)],
    });
    await serve(web.pod, "web", 80);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
    expect(await ask(stage.uplink.host, stage.uplink.node6, 8086, refused)).toBeUndefined();
    await stage.chain.check(web.attachment);
    await stage.chain.del(web.attachment);
  });
});

describe.concurrent("source addresses", () => {
  test("snat false: the client host is served, 127.0.0.1 and the pod itself are not", async ({ expect }) => {
    const { stage, web } = await withWeb({ snat: false });
    await using _ = stage;
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
    expect(await ask(stage.node, "127.0.0.1", 8080, refused)).toBeUndefined();
    expect(await ask(web.pod, stage.uplink.node4, 8080, refused)).toBeUndefined();
    expect(await natRules(stage)).not.toMatch(/SETMARK|MASQ/);
  });

  test("masqAll: the pod sees the node instead of the client host", async ({ expect }) => {
    const { stage } = await withWeb({ masqAll: true });
    await using _ = stage;
    const { host, node4, node6 } = stage.uplink;
    expect(await ask(host, node4, 8080)).toEqual({ server: "web", peer: "10.88.0.1" });
    expect(await ask(host, node6, 8080)).toEqual({ server: "web", peer: "fd00:88::1" });
  });

  test.for([
    [0, "0x1/0x1"],
    [5, "0x20/0x20"],
    [31, "0x80000000/0x80000000"],
  ] as const)(
    "markMasqBit %i marks with that bit and masquerades what has it",
    async ([bit, mark], { expect }) => {
      const { stage, web } = await withWeb({ markMasqBit: bit });
      await using _ = stage;
      expect(await natRules(stage)).toContain(`-j MARK --set-xmark ${mark}`);
      expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
      expect(await ask(web.pod, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
      await stage.chain.check(web.attachment);
    },
  );

  test("a changed markMasqBit leaves one mark rule, not two", async ({ expect }) => {
    const { stage, web } = await withWeb({ markMasqBit: 13 });
    await using _ = stage;
    const changed = stage.chainOf({ chained: [portmap({ markMasqBit: 14 })] });
    const second = await stage.add("second", { portMappings: [mapping(8081, 80)] }, changed);
    await serve(second.pod, "second", 80);
    expect((await natRules(stage)).match(/-A CNI-HOSTPORT-SETMARK .*/g)).toEqual([
      expect.stringContaining("0x4000/0x4000"),
    ]);
    expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    expect(await ask(stage.node, "127.0.0.1", 8081)).toMatchObject({ server: "second" });
    expect(web.result.ips).toHaveLength(2);
  });

  test("externalSetMarkChain: the operator's chain marks, and none of ours is made", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [portmap({ externalSetMarkChain: "KUBE-MARK-MASQ" })] });
    for (const tool of ["iptables", "ip6tables"]) {
      const nat = (...rule: string[]) => stage.node.run([tool, "-t", "nat", ...rule]);
      await nat("-N", "KUBE-MARK-MASQ");
      await nat("-A", "KUBE-MARK-MASQ", "-j", "MARK", "--set-xmark", "0x4000/0x4000");
      await nat("-A", "POSTROUTING", "-m", "mark", "--mark", "0x4000/0x4000", "-j", "MASQUERADE");
    }
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    expect(await ask(web.pod, stage.uplink.node6, 8080)).toMatchObject({ server: "web" });
    expect(await natRules(stage)).not.toMatch(/CNI-HOSTPORT-(SETMARK|MASQ)/);
    await stage.chain.check(web.attachment);
  });

  test("conditions let in whom they name and nobody else", async ({ expect }) => {
    const uplink4 = "192.0.2.18";
    await using stage = await Stage.set({
      chained: [portmap({ conditionsV4: ["-s", uplink4], conditionsV6: ["!", "-s", "2001:db8:1::2"] })],
    });
    expect(stage.uplink.host4).toBe(uplink4);
    const stranger = await addHost(stage.node, "stranger", 2);
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
    expect(await ask(stranger.host, stranger.node4, 8080, refused)).toBeUndefined();
    expect(await ask(stage.uplink.host, stage.uplink.node6, 8080, refused)).toBeUndefined();
    expect(await ask(stranger.host, stranger.node6, 8080)).toMatchObject({ server: "web" });
    await stage.chain.check(web.attachment);
  });
});
