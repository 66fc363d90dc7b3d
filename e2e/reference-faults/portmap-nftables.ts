import { mapping, portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, textOf, web } from "./scene.ts";

const notIn111 = "it has no nftables backend";
const nft = (fields: Readonly<Record<string, unknown>> = {}) => portmap({ backend: "nftables", ...fields });
const other = { portMappings: [mapping(8081, 80)] };
const refused = { timeoutMs: 500 };

export const portmapNftablesFaults: readonly Fault[] = [
  {
    plugin: "portmap",
    id: "nft-shared-conditions",
    title: "nftables: two networks with conditions of their own",
    reference: "share base chains: the last network's conditions hold for both",
    ours: "have them in each container's own rules",
    notIn111,
    async see(installation) {
      await using scene = await Scene.set(installation);
      const { host, node4 } = scene.stage.uplink;
      const strict = await scene.pod("strict", web);
      const open = await scene.pod("open", other);
      await scene.succeed("ADD", nft({ conditionsV4: ["ip", "saddr", "203.0.113.9"] }), strict);
      await scene.succeed("ADD", nft(), open, { name: "other" });
      await Promise.all([serve(strict.pod, "strict", 80), serve(open.pod, "open", 80)]);
      const [denied, served] = [await ask(host, node4, 8080, refused), await ask(host, node4, 8081)];
      return wrongIf(denied !== undefined || served === undefined, { denied, served });
    },
  },
  {
    plugin: "portmap",
    id: "nft-del-of-two",
    title: "nftables: DEL of a container on one of its two networks",
    reference: "goes by the container ID alone, and takes the other network's rules too",
    ours: "takes the one network's",
    notIn111,
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", nft(), pod);
      await scene.succeed("ADD", nft(), pod, { name: "other", runtimeConfig: other });
      await serve(pod.pod, "web", 80);
      await scene.succeed("DEL", nft(), pod);
      const { host, node4 } = scene.stage.uplink;
      const [gone, kept] = [await ask(host, node4, 8080, refused), await ask(host, node4, 8081)];
      if (gone !== undefined) throw new Error("DEL has left its own network's port");
      return wrongIf(kept === undefined, { kept });
    },
  },
  {
    plugin: "portmap",
    id: "nft-check-counts",
    title: "nftables: CHECK of a rule that leads elsewhere",
    reference: "counts rules, and passes",
    ours: "compares them, and names both",
    notIn111,
    async see(installation) {
      await using scene = await Scene.set(installation, { base: { families: [4] } });
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", nft(), pod);
      const rule = /^\s*(.*) dnat to (\S+) .*# handle (\d+)$/m.exec(
        await scene.sh("nft -a list chain ip cni_hostport hostports"),
      );
      const [, matches = "", , handle = ""] = rule ?? [];
      const astray = `${matches} dnat to 10.88.0.99:80 comment "web"`;
      await scene.node.run(["nft", "-f", "-"], {
        stdin: `replace rule ip cni_hostport hostports handle ${handle} ${astray}\n`,
      });
      const answer = await scene.call("CHECK", nft(), pod);
      return wrongIf(answer.exitCode === 0, textOf(answer));
    },
  },
  {
    plugin: "portmap",
    id: "other-backend-left",
    title: "DEL after the backend was switched from iptables to nftables",
    reference: "leaves the rules in iptables",
    ours: "looks into both",
    notIn111,
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      await scene.succeed("ADD", portmap({ backend: "iptables" }), pod);
      await scene.succeed("DEL", nft(), pod);
      const left = await scene.sh("iptables -t nat -S | grep CNI-DN-");
      return wrongIf(left !== "", left);
    },
  },
];
