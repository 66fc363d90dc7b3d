import { mapping, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, textOf, web } from "./scene.ts";

type Installation = Parameters<Fault["see"]>[0];

/**
 * CHECK of an IPv4 pod after something was done to the rules. 1.1.1's passes only where there is no ip6tables on
 * PATH: it gets such a one.
 */
async function checkAfter(installation: Installation, disturb: string) {
  await using scene = await Scene.set(installation, { iptables: "nft", base: { families: [4] } });
  await scene.node.run([
    "sh",
    "-ec",
    "mkdir /run/v4; ln -s /run/tools/iptables* /run/v4/; ln -s $(command -v ip) /run/v4/ip",
  ]);
  const pod = await scene.pod("web", { portMappings: [mapping(8080, 80), mapping(8081, 81)] });
  await scene.succeed("ADD", portmap(), pod);
  const check = () => scene.call("CHECK", portmap(), pod, {}, { PATH: "/run/v4" });
  const well = await check();
  if (well.exitCode !== 0) throw new Error(`CHECK fails where all is well: ${well.stdout}`);
  await scene.node.run(["sh", "-ec", disturb]);
  const answer = await check();
  return { exitCode: answer.exitCode, text: textOf(answer) };
}

const own = "$(iptables -t nat -S | sed -n 's/^-N \\(CNI-DN-.*\\)/\\1/p')";

export const portmapCheckFaults: readonly Fault[] = [
  {
    plugin: "portmap",
    id: "check-shared-chains",
    title: "CHECK where nothing leads into the shared chain any more, so that no port is open",
    reference: "passes: it looks at the container's own rules alone",
    ours: "names what is missing",
    async see(installation) {
      const jump = "-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT";
      const { exitCode, text } = await checkAfter(installation, `iptables -t nat -D PREROUTING ${jump}`);
      return wrongIf(exitCode === 0, text);
    },
  },
  {
    plugin: "portmap",
    id: "check-names-the-rest",
    title: "what CHECK says when a rule is missing",
    reference: "prints all rules of the container, newer releases all but the missing one",
    ours: "prints the missing rule and no other",
    async see(installation) {
      const { exitCode, text } = await checkAfter(
        installation,
        `chain=${own}; iptables -t nat -D $chain $(iptables -t nat -S $chain | sed -n "s/^-A $chain \\(.*--dport 8080 -j DNAT.*\\)/\\1/p")`,
      );
      if (exitCode === 0) throw new Error("CHECK does not notice a missing rule");
      const named = /dport 8080.*DNAT/.test(text) && !/dport 8081.*DNAT/.test(text);
      return wrongIf(!named, text);
    },
  },
  {
    plugin: "portmap",
    id: "check-healthy-v4",
    title: "CHECK of a healthy pod with IPv4 only, on a node with ip6tables",
    reference: "fails (1.1.1)",
    ours: "passes",
    async see(installation) {
      await using scene = await Scene.set(installation, { base: { families: [4] } });
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap(), pod);
      const answer = await scene.call("CHECK", portmap(), pod);
      return wrongIf(answer.exitCode !== 0, answer.stdout);
    },
  },
  {
    plugin: "portmap",
    id: "firewalld-reload",
    reported: "P#512",
    title: "a firewalld reload or `iptables -F`, which takes every rule away from under running pods",
    reference: "ports are down until the pods restart, and CHECK cannot tell: it fails before as after",
    ours: "the one fault a plugin alone cannot mend, since nobody calls it: CHECK names the loss, ADD repeated restores it",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await serve(pod.pod, "web", 80);
      const { host, node4 } = scene.stage.uplink;
      const served = async () => (await ask(host, node4, 8080, { timeoutMs: 500 })) !== undefined;
      const check = async () => (await scene.call("CHECK", portmap(), pod)).exitCode;
      const seen: unknown[] = [];
      await scene.succeed("ADD", portmap(), pod);
      seen.push(await served(), await check());
      for (const tool of ["iptables", "ip6tables"]) {
        for (const table of ["raw", "nat"]) await scene.sh(`${tool} -t ${table} -F; ${tool} -t ${table} -X`);
      }
      seen.push(await served(), await check());
      const named = textOf(await scene.call("CHECK", portmap(), pod)).includes("CNI-HOSTPORT-DNAT");
      await scene.succeed("ADD", portmap(), pod);
      seen.push(await served(), await check());
      const right = JSON.stringify(seen) === JSON.stringify([true, 0, false, 1, true, 0]) && named;
      return wrongIf(!right, { "served, CHECK": seen, named });
    },
  },
];
