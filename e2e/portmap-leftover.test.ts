import { describe, test } from "vitest";
import { podAddress } from "./lib/base-plugin.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { mapping, portmap, Stage } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

const natRules = (stage: Stage) => stage.node.run(["iptables", "-t", "nat", "-S"]);

describe.concurrent("onConflict refuse", () => {
  test("a hostPort that another pod has is refused, by that pod's name, and stays with it", async ({
    expect,
  }) => {
    await using stage = await Stage.set({ chained: [portmap({ onConflict: "refuse" })] });
    const first = await stage.add("first", { portMappings: [mapping(8080, 80)] });
    await serve(first.pod, "first", 80);
    await expect(stage.add("second", { portMappings: [mapping(8080, 80)] })).rejects.toMatchObject({
      plugin: "portmap",
      document: { code: 102, msg: expect.stringMatching(/8080.*first/) },
    });
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "first" });
    await stage.add("third", { portMappings: [mapping(8081, 80), mapping(8080, 80, { protocol: "udp" })] });
  });
});

describe.concurrent("what others leave behind", () => {
  test("the newest pod has the hostPort, even if an older one was never removed", async ({ expect }) => {
    await using stage = await Stage.set();
    const old = await stage.add("old", { portMappings: [mapping(8080, 80)] });
    await serve(old.pod, "old", 80);
    const young = await stage.add("young", { portMappings: [mapping(8080, 80)] });
    await serve(young.pod, "young", 80);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "young" });
    expect(await ask(stage.uplink.host, stage.uplink.node6, 8080)).toMatchObject({ server: "young" });
    await stage.chain.del(young.attachment);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "old" });
  });

  test("a second ADD of the same container moves its ports to where the second says", async ({ expect }) => {
    await using stage = await Stage.set();
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await Promise.all([serve(web.pod, "first", 80), serve(web.pod, "second", 81)]);
    const again = stage.chainOf({ chained: [portmap()] });
    await web.pod.run(["ip", "link", "delete", "eth0"]);
    const attachment = { ...web.attachment, capabilityArgs: { portMappings: [mapping(8080, 81)] } };
    await again.add(attachment);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "second" });
    await again.check(attachment);
  });

  test("DEL removes the rules though the runtime forgot the port mappings", async ({ expect }) => {
    await using stage = await Stage.set();
    const pod = await stage.node.addPod("web");
    const before = withoutShared(await takeSnapshot(stage.node));
    const attachment = { containerId: "web", ifname: "eth0", netns: pod.netns };
    await stage.chain.add({ ...attachment, capabilityArgs: { portMappings: [mapping(8080, 80)] } });
    await stage.chain.del(attachment);
    expect(difference(before, withoutShared(await takeSnapshot(stage.node)))).toEqual([]);
  });

  test("several DELs of one container at the same time all succeed", async ({ expect }) => {
    await using stage = await Stage.set();
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    const dels = [1, 2, 3, 4].map(() => stage.chain.del({ ...web.attachment, netns: "" }));
    expect(await Promise.allSettled(dels)).toEqual(
      dels.map(() => ({ status: "fulfilled", value: undefined })),
    );
    expect(await natRules(stage)).not.toContain("CNI-DN-");
  });

  test("DEL on one network leaves the same container's rules of another network", async ({ expect }) => {
    await using stage = await Stage.set();
    const [one, two] = [stage.chainOf({}, "one"), stage.chainOf({}, "two")];
    const pod = await stage.node.addPod("web");
    const attachment = (ifname: string, port: number) => ({
      containerId: "web",
      ifname,
      netns: pod.netns,
      capabilityArgs: { portMappings: [mapping(port, 80)] },
    });
    await one.add(attachment("eth0", 8081));
    await pod.run(["ip", "route", "del", "default"]);
    await pod.run(["ip", "-6", "route", "del", "default"]);
    await two.add(attachment("eth1", 8082));
    await one.del(attachment("eth0", 8081));
    await two.check(attachment("eth1", 8082));
    expect(await natRules(stage)).not.toContain("8081");
  });

  test("an ADD that fails for IPv6 leaves no IPv4 rules behind", async ({ expect }) => {
    await using stage = await Stage.set({ chained: [portmap({ conditionsV6: ["--no-such-match"] })] });
    const pod = await stage.node.addPod("web");
    const before = withoutShared(await takeSnapshot(stage.node));
    const attachment = {
      containerId: "web",
      ifname: "eth0",
      netns: pod.netns,
      capabilityArgs: { portMappings: [mapping(8080, 80)] },
    };
    await expect(stage.chain.add(attachment)).rejects.toMatchObject({
      plugin: "portmap",
      document: { code: 100 },
    });
    const rules = (lines: readonly string[]) => lines.filter((line) => line.includes("tables-"));
    expect(rules(difference(before, withoutShared(await takeSnapshot(stage.node))))).toEqual([]);
  });
});

describe.concurrent("CHECK", () => {
  test("names the rule that somebody deleted", async ({ expect }) => {
    await using stage = await Stage.set();
    const web = await stage.add("web", { portMappings: [mapping(8080, 80), mapping(8081, 81)] });
    await stage.chain.check(web.attachment);
    const rule = (await natRules(stage)).split("\n").find((line) => /-j DNAT .*:81$/.test(line)) ?? "";
    await stage.node.run(["iptables", "-t", "nat", "-D", ...rule.split(" ").slice(1)]);
    const error = await stage.chain.check(web.attachment).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ plugin: "portmap", document: { code: 101 } });
    const said = JSON.stringify((error as { document: unknown }).document);
    expect(said).toContain(`${podAddress(web.result, 4)}:81`);
    expect(said).not.toContain(`--to-destination ${podAddress(web.result, 4)}:80`);
  });

  test("notices a flushed shared chain and a jump into it that is gone", async ({ expect }) => {
    await using stage = await Stage.set();
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    const jump = ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "CNI-HOSTPORT-DNAT"];
    await stage.node.run(["iptables", "-t", "nat", "-D", "PREROUTING", ...jump]);
    await expect(stage.chain.check(web.attachment)).rejects.toMatchObject({ document: { code: 101 } });
    await stage.node.run(["iptables", "-t", "nat", "-A", "PREROUTING", ...jump]);
    await stage.chain.check(web.attachment);
    await stage.node.run(["ip6tables", "-t", "nat", "-F", "CNI-HOSTPORT-MASQ"]);
    await expect(stage.chain.check(web.attachment)).rejects.toMatchObject({ document: { code: 101 } });
  });
});
