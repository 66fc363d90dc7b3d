import { mapping, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, web } from "./scene.ts";

const ownChains = "iptables -t nat -S | grep CNI-DN-";

export const portmapRuleFaults: readonly Fault[] = [
  {
    plugin: "portmap",
    id: "del-without-mappings",
    reported: "P#509",
    title: "DEL without portMappings, from a runtime that has lost its metadata",
    reference: "does nothing: the rules stay",
    ours: "removes the rules, found by network and container ID",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap(), pod);
      await scene.succeed("DEL", portmap(), pod, { runtimeConfig: undefined });
      const left = await scene.sh(ownChains);
      return wrongIf(left !== "", left);
    },
  },
  {
    plugin: "portmap",
    id: "renamed-network",
    title: "DEL of a pod whose network was renamed meanwhile",
    reference: "finds nothing by the new name; what is left holds the port for ever",
    ours: "finds the container's rules that lead to its interface, and leaves those of its other networks",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap(), pod);
      await scene.succeed("DEL", portmap(), pod, { name: "renamed" });
      const left = await scene.sh(ownChains);
      return wrongIf(left !== "", left);
    },
  },
  {
    plugin: "portmap",
    id: "leaked-rule-wins",
    reported: "P#1267",
    title: "a rule that was left behind for the same hostPort",
    reference: "holds the port for ever: the oldest wins",
    ours: "gives way: the newest wins, and ADD warns",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const [leaked, young] = [await scene.pod("leaked", web), await scene.pod("young", web)];
      await scene.succeed("ADD", portmap(), leaked);
      await scene.succeed("ADD", portmap(), young);
      await Promise.all([serve(leaked.pod, "leaked", 80), serve(young.pod, "young", 80)]);
      const answer = await ask(scene.stage.uplink.host, scene.stage.uplink.node4, 8080);
      if (answer === undefined) throw new Error("nobody answers");
      return wrongIf(answer.server === "leaked", answer);
    },
  },
  {
    plugin: "portmap",
    id: "second-add-keeps-target",
    title: "a second ADD of the same container with another address",
    reference: "leaves the old target in front",
    ours: "replaces it",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      const ips = [{ address: "10.88.0.200/24", interface: 2 }];
      await scene.succeed("ADD", portmap(), pod, { prevResult: { ...pod.result, ips } });
      await scene.succeed("ADD", portmap(), pod);
      await serve(pod.pod, "web", 80);
      const { host, node4 } = scene.stage.uplink;
      const answer = await ask(host, node4, 8080, { timeoutMs: 1000 });
      return wrongIf(answer === undefined, `${await scene.sh(ownChains)}\n${JSON.stringify(answer)}`);
    },
  },
  {
    plugin: "portmap",
    id: "many-processes",
    title: "processes that an ADD starts on a node in use, one port, both families",
    reference: "are dozens, each of which lists a table",
    ours: "are a handful, which look only at what concerns them",
    async see(installation) {
      await using scene = await Scene.set(installation);
      await scene.succeed("ADD", portmap(), await scene.pod("first", { portMappings: [mapping(8081, 80)] }));
      const pod = await scene.pod("web", web);
      const names = ["iptables", "ip6tables"].flatMap((tool) =>
        ["", "-save", "-restore"].map((end) => tool + end),
      );
      for (const name of [...names, "ip", "conntrack", "nft"]) {
        await scene.replaceTool(
          name,
          `echo ${name} >>/run/calls\nPATH=\${PATH#/run/tools:}\nexec ${name} "$@"`,
        );
      }
      await scene.succeed("ADD", portmap(), pod);
      const calls = (await scene.sh("cat /run/calls")).split("\n");
      return wrongIf(calls.length > 12, `${calls.length} processes`);
    },
  },
  {
    plugin: "portmap",
    id: "two-mark-rules",
    title: "a changed markMasqBit",
    reference: "adds a second MARK rule to the first",
    ours: "replaces it",
    async see(installation) {
      await using scene = await Scene.set(installation);
      await scene.succeed("ADD", portmap({ markMasqBit: 13 }), await scene.pod("first", web));
      const second = await scene.pod("second", { portMappings: [mapping(8081, 80)] });
      await scene.succeed("ADD", portmap({ markMasqBit: 14 }), second);
      const marks = await scene.sh("iptables -t nat -S CNI-HOSTPORT-SETMARK | grep -e '-j MARK'");
      return wrongIf(marks.split("\n").length > 1, marks);
    },
  },
  {
    plugin: "portmap",
    id: "second-v6-port",
    title:
      "a second IPv6 port on ip6tables-legacy 1.8.9, whose --check takes another port's rule for the one asked for",
    reference: "asks before it appends, and opens only the first port of a pod",
    ours: "compares listings itself, and opens all",
    onSomeMachines: "where `ip6tables-legacy -C` has that fault: Debian 12's has",
    async see(installation) {
      await using scene = await Scene.set(installation, { iptables: "legacy" });
      const pod = await scene.pod("web", { portMappings: [mapping(8080, 80), mapping(8081, 80)] });
      await scene.succeed("ADD", portmap(), pod);
      const rules = await scene.sh("ip6tables -t nat -S | grep -e '-j DNAT'");
      return wrongIf(!rules.includes("--dport 8081"), rules);
    },
  },
];
