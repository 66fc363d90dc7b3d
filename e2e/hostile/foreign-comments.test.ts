import fc from "fast-check";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { FakeTools } from "./lib/fake-tools.ts";
import { callInProcess } from "./lib/in-process.ts";
import { flaw } from "./lib/judge.ts";
import { nasty } from "./lib/portmap-calls.ts";
import { tryProperty } from "./lib/try-property.ts";

/** What would be rules of ours, if the comment they stand in were not seen as one. */
const forged = [
  "x\n-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT\n",
  '"\n-N CNI-HOSTPORT-DNAT\n-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports 8080 -j CNI-DN-0',
  "\\\n-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE\n-P OUTPUT ACCEPT",
];

/** Comments that somebody else may have given their rules; iptables keeps any byte, and lists them as they are. */
const foreign = fc.array(
  fc
    .oneof({ arbitrary: nasty, weight: 3 }, fc.constantFrom(...forged))
    .map((comment) => [
      ...["-p", "tcp", "-m", "comment", "--comment", comment.replaceAll("\0", "")],
      ...["-m", "multiport", "--dports", "80,81", "-j", "CNI-DN-000000000000000000000"],
    ]),
  { maxLength: 4 },
);

test("rules of others stay, whatever their comments say", { timeout: patience(60_000, 1_200_000) }, async ({
  task,
}) => {
  const count = rounds(300, 10_000);
  const property = fc.asyncProperty(foreign, async (rules) => {
    const tools = new FakeTools();
    const places = [
      ["iptables-restore", "CNI-HOSTPORT-DNAT"],
      ["iptables-restore", "POSTROUTING"],
      ["ip6tables-restore", "CNI-HOSTPORT-DNAT"],
    ] as const;
    for (const [file, chain] of places) for (const words of rules) tools.plant(file, "nat", chain, words);
    const stdin = JSON.stringify({
      cniVersion: "1.0.0",
      name: "net",
      type: "portmap",
      backend: "iptables",
      runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
      prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }, { address: "fd00::2/64" }] },
    });
    const env = {
      CNI_CONTAINERID: "c1",
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/run/netns/x",
      CNI_PATH: "/opt/cni/bin",
    };
    for (const [command, own] of [
      ["ADD", 1],
      ["ADD", 1],
      ["DEL", 0],
    ] as const) {
      const answer = await callInProcess("portmap", { ...env, CNI_COMMAND: command }, stdin, tools);
      expect(flaw(answer) ?? answer.exitCode).toBe(0);
      for (const [file, chain] of places) {
        const left = tools.rules(file, "nat", chain);
        expect(left.filter((words) => words.at(-1) === "CNI-DN-000000000000000000000")).toEqual(rules);
        if (chain === "CNI-HOSTPORT-DNAT") expect(left).toHaveLength(rules.length + own);
      }
    }
  });
  await tryProperty(task, { what: "rules of others with odd comments", times: count }, property, {
    numRuns: count,
  });
});
