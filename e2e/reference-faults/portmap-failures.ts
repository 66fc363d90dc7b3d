import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { mapping, portmap } from "../lib/stage.ts";
import { seeEnd } from "./common.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { errorOf, Scene, web } from "./scene.ts";

/** A tool that fails when what it is asked matches, and else does its work. */
const failOn = (pattern: string, tool: string, asked: string) => `
[ ${tool} = iptables ] || cat >/run/input
case "${asked}" in ${pattern}) exit 3 ;; esac
PATH=\${PATH#/run/tools:}
[ ${tool} = iptables ] && exec ${tool} "$@"
exec ${tool} "$@" </run/input`;

export const portmapFailureFaults: readonly Fault[] = [
  {
    plugin: "portmap",
    id: "endless-lock",
    reported: "P#510, P#662",
    title: "somebody holds the lock of iptables-legacy",
    reference: "waits without end",
    ours: "waits 20 s at most, and answers with code 11: try again later",
    see: (installation) => seeEnd(installation, "lock"),
  },
  {
    plugin: "portmap",
    id: "no-atomicity",
    title: "an ADD that fails half-way",
    reference: "leaves what it has made so far",
    ours: "writes each family in one transaction, and takes back the other's",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      const before = withoutShared(await takeSnapshot(scene.node));
      const conditions = { conditionsV6: ["-m", "no-such-match"] };
      const answer = await scene.call("ADD", portmap(conditions), pod);
      if (answer.exitCode === 0) throw new Error("ADD succeeds with a match that does not exist");
      const left = difference(before, withoutShared(await takeSnapshot(scene.node)));
      return wrongIf(left.length > 0, left);
    },
  },
  {
    plugin: "portmap",
    id: "failing-v4-skips-v6",
    title: "a DEL whose IPv4 half fails",
    reference: "does not come to IPv6",
    ours: "removes the IPv6 rules, and tells the failure",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap(), pod);
      // Everything but taking away works.
      await scene.replaceTool("iptables", failOn('*"-D"* | *"-F"* | *"-X"*', "iptables", "$*"));
      await scene.replaceTool("iptables-restore", failOn('*"-X "*', "iptables-restore", "$(cat /run/input)"));
      const answer = await scene.call("DEL", portmap(), pod);
      const left = await scene.sh("ip6tables -t nat -S | grep CNI-DN-");
      return wrongIf(left !== "" || errorOf(answer) === undefined, `${answer.stdout}${left}`);
    },
  },
  ...(
    [
      ["port-70000", "a hostPort of 70000", mapping(70_000, 80)],
      ["protocol-icmp", "a mapping of protocol icmp", mapping(8080, 80, { protocol: "icmp" })],
      ["hostip-nonsense", "a hostIP that is no address", mapping(8080, 80, { hostIP: "nonsense" })],
    ] as const
  ).map(
    ([id, title, portMapping]): Fault => ({
      plugin: "portmap",
      id,
      title,
      reference: "is passed on to the kernel's tools, or silently opens no port",
      ours: "is refused with code 7, field and value, before anything is touched",
      async see(installation) {
        await using scene = await Scene.set(installation);
        const pod = await scene.pod("web", { portMappings: [portMapping] });
        const before = await takeSnapshot(scene.node);
        const answer = await scene.call("ADD", portmap(), pod);
        const changes = difference(before, await takeSnapshot(scene.node));
        return wrongIf(errorOf(answer)?.code !== 7 || changes.length > 0, [answer.stdout, ...changes]);
      },
    }),
  ),
];
