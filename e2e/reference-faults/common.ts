import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { portmap } from "../lib/stage.ts";
import { type Fault, type Sighting, wrongIf } from "./fault.ts";
import { errorOf, Scene, web } from "./scene.ts";

export const commonFaults: readonly Fault[] = [
  {
    plugin: "all",
    id: "no-deadline",
    title: "a tool that hangs",
    reference: "waits for it for ever, and the runtime with it",
    ours: "ends it after 30 s, and answers with code 11 and its name",
    see: (installation) => seeEnd(installation, "hang"),
  },
  {
    plugin: "all",
    id: "unknown-fields",
    title: "fields of prevResult that CNI does not know yet",
    reference: "drops them",
    ours: "hands them on",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const { attachment, result } = await scene.pod("web");
      const prevResult = {
        ...result,
        interfaces: (result.interfaces ?? []).map((each) => ({ ...each, mtu: 1400 })),
        "org.example.owner": { team: "net" },
      };
      const printed = await scene.succeed("ADD", portmap(), { attachment, result: prevResult });
      const kept = printed["org.example.owner"] !== undefined && JSON.stringify(printed).includes("1400");
      return wrongIf(!kept, printed);
    },
  },
  {
    plugin: "all",
    id: "other-version-prevresult",
    title: "a prevResult of another CNI version than the configuration's",
    reference: "refuses it",
    ours: "converts it",
    async see(installation) {
      await using scene = await Scene.set(installation, { cniVersion: "0.4.0" });
      const answer = await scene.call("ADD", portmap(), await scene.pod("web"), { cniVersion: "1.0.0" });
      return wrongIf(answer.exitCode !== 0, answer.stdout);
    },
  },
  {
    plugin: "all",
    id: "one-error-code",
    title: "an error",
    reference: "is code 999 whatever it is, without cniVersion",
    ours: "has the code of the specification, and cniVersion",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const answer = await scene.call("ADD", portmap(), await scene.pod("web", web), {
        prevResult: undefined,
      });
      const error = errorOf(answer);
      if (error === undefined) throw new Error(`no error document: ${answer.stdout}`);
      return wrongIf(error.code === 999 || error.cniVersion === undefined, error);
    },
  },
  {
    plugin: "all",
    id: "work-in-own-netns",
    reported: "P#714",
    title: "ADD with the node's own namespace as CNI_NETNS",
    reference: "does its work, and looks afterwards if at all",
    ours: "refuses with code 8 before anything is done, in one document",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      const { node } = scene;
      const { stdout } = await node.try([scene.binary("portmap")], {
        env: { ...node.env, ...pluginEnv("ADD", { ...pod.attachment, netns: "/proc/self/ns/net" }, "/") },
        stdin: JSON.stringify(pluginConf(scene.chain([]).conf, portmap(), pod.attachment, pod.result)),
      });
      const rules = await scene.sh("iptables -t nat -S");
      return wrongIf(rules.includes("CNI-DN-"), `${stdout}${rules}`);
    },
  },
];

/**
 * Whether ADD ends by itself while a tool hangs, or while somebody holds the lock it waits for. The harness gives up
 * on it a little after ours does.
 */
export async function seeEnd(
  installation: Parameters<Fault["see"]>[0],
  obstacle: "hang" | "lock",
): Promise<Sighting> {
  await using scene = await Scene.set(installation, { iptables: "legacy", base: { families: [4] } });
  const { attachment, result } = await scene.pod("web", web);
  if (obstacle === "lock") {
    const lock = scene.node.start(["flock", "/run/xtables.lock", "sh", "-c", "echo held; exec cat"]);
    await lock.ready();
  } else {
    for (const tool of ["iptables", "iptables-restore"]) await scene.replaceTool(tool, "exec sleep 600");
  }
  const env = pluginEnv("ADD", attachment, installation.directory);
  const conf = pluginConf(scene.chain([]).conf, portmap(), attachment, result);
  await scene.node.run(["sh", "-c", "cat >/run/conf.json"], { stdin: JSON.stringify(conf) });
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const bounded = `timeout --signal=KILL 40 ${scene.binary("portmap")} </run/conf.json`;
  const script = `${bounded}; code=$?; echo; echo "ended $code"`;
  const service = scene.node.start(["env", ...variables, "sh", "-c", script]);
  const said: string[] = [];
  for (let line = await service.line(); line !== undefined; line = await service.line()) said.push(line);
  await service.stop();
  const end = said.at(-1) ?? "";
  if (end !== "ended 1" && end !== "ended 137")
    throw new Error(`neither ended nor killed: ${said.join("\n")}`);
  const text = said.join(" ").trim();
  return wrongIf(!/"code":\s*11\b/.test(text), text);
}
