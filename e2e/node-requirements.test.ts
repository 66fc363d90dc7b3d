import { describe, expect, test } from "vitest";
import { podAddress } from "./lib/base-plugin.ts";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot } from "./lib/snapshot.ts";
import { type Added, type Mapping, mapping, portmap, Stage, type StageOptions } from "./lib/stage.ts";
import { ask, serve } from "./lib/traffic.ts";

// portmap says what of the node's own settings keeps a host port from being reached. Each test shows by packets that
// what it says is so, that its remedy helps, and that it leaves the setting alone.

type Fields = Readonly<Record<string, unknown>>;

/** A pod on the base network alone; portmap is called by hand, for what it says on standard error. */
async function setStage(options: StageOptions = {}) {
  const stage = await Stage.set({ ...options, chained: [] });
  // What sysfs shows belongs to the namespace it was mounted in.
  await stage.node.run(["mount", "-t", "sysfs", "sysfs", "/sys"]);
  const web = await stage.add("web");
  await serve(web.pod, "web", 80);
  return { stage, web };
}

async function addPorts(stage: Stage, web: Added, fields: Fields = {}, ports: Partial<Mapping> = {}) {
  const answer = await callPlugin(stage.node, {
    binary: plugin("portmap"),
    env: pluginEnv("ADD", web.attachment, plugins),
    stdin: {
      ...portmap(fields),
      cniVersion: "1.1.0",
      name: "net",
      prevResult: web.result,
      runtimeConfig: { portMappings: [mapping(8080, 80, ports)] },
    },
  });
  expect(answer).toMatchObject({ exitCode: 0 });
  return linesOf(answer.stderr);
}

async function status(stage: Stage, fields: Fields = {}, path?: string) {
  return callPlugin(stage.node, {
    binary: plugin("portmap"),
    env: {
      ...pluginEnv("STATUS", { containerId: "", ifname: "", netns: "" }, plugins),
      ...(path === undefined ? {} : { PATH: path }),
    },
    stdin: { ...portmap(fields), cniVersion: "1.1.0", name: "net" },
  });
}

/** What a STATUS that succeeds says. */
async function warnings(stage: Stage, fields: Fields = {}): Promise<string[]> {
  const before = await takeSnapshot(stage.node);
  const { exitCode, stdout, stderr } = await status(stage, fields);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
  expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
  return linesOf(stderr);
}

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");
const starts = (text: string) => expect.stringMatching(new RegExp(`^portmap: ${text}`));
const answers = { server: "web" };
const briefly = { timeoutMs: 1000 };

/** Asks from the client host over one family. */
const fromHost = ({ uplink }: Stage, family: 4 | 6, options = {}) =>
  ask(uplink.host, family === 4 ? uplink.node4 : uplink.node6, 8080, options);

/** Does what a line proposes behind its semicolon. */
const follow = (stage: Stage, line: string | undefined, remedy: RegExp) => {
  const command = remedy.exec(line ?? "")?.[0];
  if (command === undefined) throw new Error(`no ${remedy} in ${line}`);
  return stage.node.run(["sh", "-ec", command]);
};

const read = async (stage: Stage, sysctl: string) =>
  (await stage.node.run(["cat", `/proc/sys/${sysctl}`])).trim();

const remedy = /sysctl -w [\w.-]+=1/;
const forwarding = { 4: "net/ipv4/ip_forward", 6: "net/ipv6/conf/all/forwarding" } as const;

describe.concurrent("forwarding", () => {
  test.each([4, 6] as const)("IPv%i: ADD and STATUS say that it is off", async (family) => {
    const { stage, web } = await setStage();
    await using _ = stage;
    const other = await stage.add("other");
    const sysctl = forwarding[family];
    await stage.node.sysctl({ [sysctl.replace("net/", "")]: 0 });
    const said = await addPorts(stage, web);
    const whom = family === 4 ? "other hosts and pods get" : "other hosts get";
    expect(said).toEqual([starts(`sysctl ${sysctl} is 0: ${whom} no answer `)]);
    expect(await read(stage, sysctl)).toBe("0");
    expect(await fromHost(stage, family, briefly)).toBeUndefined();
    if (family === 4) expect(await ask(other.pod, stage.uplink.node4, 8080, briefly)).toBeUndefined();
    expect(await ask(stage.node, family === 4 ? stage.uplink.node4 : stage.uplink.node6, 8080)).toMatchObject(
      answers,
    );
    expect(await fromHost(stage, family === 4 ? 6 : 4)).toMatchObject(answers);
    expect(await warnings(stage)).toEqual(said);
    await follow(stage, said[0], remedy);
    expect(await fromHost(stage, family)).toMatchObject(answers);
    expect(await warnings(stage)).toEqual([]);
  });

  test("nothing is said of a family without a mapping, and of one for the node's loopback", async () => {
    const { stage, web } = await setStage();
    await using _ = stage;
    await stage.node.sysctl({ "ipv4/ip_forward": 0, "ipv6/conf/all/forwarding": 0 });
    expect(await addPorts(stage, web, {}, { hostIP: "127.0.0.1" })).toEqual([]);
    expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject(answers);
    expect(await addPorts(stage, web, {}, { hostIP: stage.uplink.node6 })).toEqual([
      starts("sysctl net/ipv6/"),
    ]);
    expect(await addPorts(stage, web, {}, { hostIP: stage.uplink.node4 })).toEqual([
      starts("sysctl net/ipv4/"),
    ]);
  });

  test("before the first pod STATUS speaks of IPv4 alone", async () => {
    const { stage } = await setStage();
    await using _ = stage;
    await stage.node.sysctl({ "ipv4/ip_forward": 0, "ipv6/conf/all/forwarding": 0 });
    expect(await warnings(stage)).toEqual([starts("sysctl net/ipv4/ip_forward is 0")]);
    expect(await warnings(stage, { backend: "nftables" })).toEqual([
      starts("sysctl net/ipv4/ip_forward is 0"),
    ]);
  });

  test("nothing is said where devices forward by a setting of their own", async () => {
    const { stage, web } = await setStage();
    await using _ = stage;
    await stage.node.sysctl({ "ipv4/ip_forward": 0 });
    await stage.node.sysctl({ "ipv4/conf/up1/forwarding": 1, "ipv4/conf/cni0/forwarding": 1 });
    expect(await addPorts(stage, web)).toEqual([]);
    expect(await fromHost(stage, 4)).toMatchObject(answers);
    expect(await warnings(stage)).toEqual([]);
  });
});

describe.concurrent("bridged packets that skip the node's rules", () => {
  const unmasqueraded = [{ snat: false }, { backend: "nftables" }];

  test.each(unmasqueraded)("break a neighbour's way, and ADD says so: %j", async (fields) => {
    const { stage, web } = await setStage({ base: { hairpinMode: true } });
    await using _ = stage;
    const other = await stage.add("other");
    const fromOther = (family: 4 | 6, options = {}) =>
      ask(other.pod, family === 4 ? stage.uplink.node4 : stage.uplink.node6, 8080, options);
    await stage.node.sysctl({ "bridge/bridge-nf-call-iptables": 0, "bridge/bridge-nf-call-ip6tables": 0 });
    const said = await addPorts(stage, web, fields);
    const sysctls = ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"];
    expect(said).toEqual(sysctls.map((sysctl) => starts(`sysctl ${sysctl} is 0: a pod on bridge cni0 `)));
    for (const sysctl of sysctls) expect(await read(stage, sysctl)).toBe("0");
    expect(await fromOther(4, briefly)).toBeUndefined();
    expect(await fromOther(6, briefly)).toBeUndefined();
    expect(await fromHost(stage, 4)).toMatchObject(answers);
    expect(await warnings(stage, fields)).toEqual(said);
    for (const line of said) await follow(stage, line, remedy);
    expect(await fromOther(4)).toMatchObject(answers);
    expect(await fromOther(6)).toMatchObject(answers);
    expect(await warnings(stage, fields)).toEqual([]);
  });

  test.each([{}, { backend: "nftables", masqAll: true }])(
    "break nothing where the reply is masqueraded, and nothing is said: %j",
    async (fields) => {
      const { stage, web } = await setStage();
      await using _ = stage;
      const other = await stage.add("other");
      await stage.node.sysctl({ "bridge/bridge-nf-call-iptables": 0, "bridge/bridge-nf-call-ip6tables": 0 });
      expect(await addPorts(stage, web, fields)).toEqual([]);
      expect(await ask(other.pod, stage.uplink.node4, 8080)).toMatchObject(answers);
      expect(await ask(other.pod, stage.uplink.node6, 8080)).toMatchObject(answers);
      expect(await warnings(stage, fields)).toEqual([]);
    },
  );

  test("are also those of a kernel without br_netfilter", async () => {
    const { stage, web } = await setStage();
    await using _ = stage;
    const other = await stage.add("other");
    // This kernel may have it built in: off, and out of sight, it is the same to packets and to the plugin.
    await stage.node.sysctl({ "bridge/bridge-nf-call-iptables": 0, "bridge/bridge-nf-call-ip6tables": 0 });
    await stage.node.run([
      "sh",
      "-ec",
      "test ! -e /proc/sys/net/bridge || mount -t tmpfs tmpfs /proc/sys/net/bridge",
    ]);
    const [said] = await addPorts(stage, web, { backend: "nftables" });
    expect(said).toContain(
      "net/bridge/bridge-nf-call-iptables is not there, br_netfilter is not loaded: a pod on",
    );
    expect(await ask(other.pod, stage.uplink.node4, 8080, briefly)).toBeUndefined();
    expect(await addPorts(stage, web, { backend: "nftables", masqAll: true })).toEqual([]);
    expect(await ask(other.pod, stage.uplink.node4, 8080)).toMatchObject(answers);
  });

  test("nothing is said where the bridge has the setting of its own, or pods have no bridge", async () => {
    const { stage, web } = await setStage();
    await using _ = stage;
    const other = await stage.add("other");
    await stage.node.sysctl({ "bridge/bridge-nf-call-iptables": 0, "bridge/bridge-nf-call-ip6tables": 0 });
    await stage.node.ip("link set cni0 type bridge nf_call_iptables 1 nf_call_ip6tables 1");
    expect(await addPorts(stage, web, { snat: false })).toEqual([]);
    expect(await ask(other.pod, stage.uplink.node4, 8080)).toMatchObject(answers);
    const routed = await setStage({ base: { mode: "ptp" } });
    await using __ = routed.stage;
    await routed.stage.node.sysctl({ "bridge/bridge-nf-call-iptables": 0 });
    expect(await addPorts(routed.stage, routed.web, { snat: false })).toEqual([]);
  });
});

describe.concurrent("a policy to drop forwarded packets", () => {
  const tools = { 4: "iptables", 6: "ip6tables" } as const;
  test.each([
    ["nft", 4],
    ["nft", 6],
    ["legacy", 4],
    ["legacy", 6],
  ] as const)(
    "iptables-%s, IPv%i: STATUS says it, as long as nothing there accepts",
    async (variant, family) => {
      const { stage, web } = await setStage({ iptables: variant });
      await using _ = stage;
      const { node } = stage;
      const tool = tools[family];
      await addPorts(stage, web);
      await node.run([tool, "-P", "FORWARD", "DROP"]);
      await node.run([
        tool,
        "-A",
        "FORWARD",
        "-m",
        "conntrack",
        "--ctstate",
        "ESTABLISHED,RELATED",
        "-j",
        "ACCEPT",
      ]);
      expect(await fromHost(stage, family, briefly)).toBeUndefined();
      const before = await node.run([tool, "-S", "FORWARD"]);
      const dropped = starts(
        `${tool}(-nft|-legacy)?: chain FORWARD of table filter has policy DROP and no rule `,
      );
      const said = await warnings(stage);
      expect(said).toEqual([dropped]);
      await addPorts(stage, web);
      expect(await node.run([tool, "-S", "FORWARD"])).toBe(before);

      await node.run([tool, "-A", "FORWARD", "-o", "cni0", "-j", "ACCEPT"]);
      expect(await fromHost(stage, family)).toMatchObject(answers);
      expect(await warnings(stage)).toEqual([]);

      await node.run([tool, "-D", "FORWARD", "-o", "cni0", "-j", "ACCEPT"]);
      await node.run([tool, "-A", "FORWARD", "-i", "docker0", "!", "-o", "docker0", "-j", "ACCEPT"]);
      expect(await fromHost(stage, family, briefly)).toBeUndefined();
      expect(await warnings(stage)).toEqual([
        expect.stringContaining("but those of Docker or plugin firewall"),
      ]);
      await follow(stage, said[0], /ip6?tables\S* -I .*/);
      expect(await fromHost(stage, family)).toMatchObject(answers);
      expect(await warnings(stage)).toEqual([]);
    },
  );

  test("nftables of somebody's own, both families in one table", async () => {
    const { stage, web } = await setStage();
    await using _ = stage;
    await addPorts(stage, web);
    const rules = [
      "table inet wall {",
      "  chain passing {",
      "    type filter hook forward priority 0; policy drop;",
      "    ct state established,related accept",
      "    counter",
      "  }",
      "}",
      "",
    ].join("\n");
    await stage.node.run(["nft", "-f", "-"], { stdin: rules });
    expect(await fromHost(stage, 4, briefly)).toBeUndefined();
    expect(await fromHost(stage, 6, briefly)).toBeUndefined();
    const said = await warnings(stage);
    expect(said).toEqual([starts("nftables: chain passing of table inet wall has policy DROP and no rule ")]);
    expect(await warnings(stage, { backend: "nftables" })).toEqual(said);

    await stage.node.run(["nft", "add rule inet wall passing ct status dnat accept"]);
    expect(await fromHost(stage, 4)).toMatchObject(answers);
    expect(await warnings(stage)).toEqual([]);

    await stage.node.run(["nft", "flush chain inet wall passing"]);
    await follow(stage, said[0], /nft insert .*/);
    expect(await fromHost(stage, 6)).toMatchObject(answers);
    expect(await warnings(stage)).toEqual([]);
  });

  test("plugin firewall accepts what a pod sends, but nothing for a host port", async () => {
    const { stage, web } = await setStage();
    await using _ = stage;
    await addPorts(stage, web);
    const address = podAddress(web.result, 4);
    const rules = [
      "*filter",
      ":FORWARD DROP",
      "-N CNI-ADMIN",
      "-N CNI-FORWARD",
      '-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD',
      '-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN',
      `-A CNI-FORWARD -d ${address}/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
      `-A CNI-FORWARD -s ${address}/32 -j ACCEPT`,
      "COMMIT",
      "",
    ];
    await stage.node.run(["iptables-restore", "--noflush"], { stdin: rules.join("\n") });
    expect(await fromHost(stage, 4, briefly)).toBeUndefined();
    const said = await warnings(stage);
    expect(said).toEqual([expect.stringContaining("but those of Docker or plugin firewall")]);
    await follow(stage, said[0], /ip6?tables\S* -I .*/);
    expect(await fromHost(stage, 4)).toMatchObject(answers);
    expect(await warnings(stage)).toEqual([]);
  });

  test("is looked at without nft as well", async () => {
    const { stage } = await setStage();
    await using _ = stage;
    const few = ["ip", "conntrack", "iptables", "iptables-restore", "ip6tables", "ip6tables-restore"];
    const links = few.map((tool) => `ln -s "$(command -v ${tool})" /run/few/${tool}`);
    await stage.node.run(["sh", "-ec", ["mkdir /run/few", ...links].join("\n")]);
    expect(await status(stage, {}, "/run/few")).toMatchObject({ exitCode: 0, stderr: "" });
    await stage.node.run(["iptables", "-P", "FORWARD", "DROP"]);
    const { exitCode, stderr } = await status(stage, {}, "/run/few");
    expect({ exitCode, said: linesOf(stderr) }).toEqual({
      exitCode: 0,
      said: [starts("iptables: chain FORWARD of table filter has policy DROP")],
    });
  });
});

test("where STATUS fails, what else is wrong stands in its details", async () => {
  const { stage } = await setStage();
  await using _ = stage;
  await stage.node.sysctl({ "ipv4/ip_forward": 0 });
  const { exitCode, json, stderr } = await status(stage, {}, "/run/nothing");
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
  const details = expect.stringMatching(
    /^iptables-restore: no such(?:.|\n)*\nsysctl net\/ipv4\/ip_forward is 0: [^\n]*$/,
  );
  expect(json).toMatchObject({ code: 50, msg: expect.not.stringContaining("sysctl"), details });
});
