import { Chain, PluginError } from "../lib/chain.ts";
import type { Attachment } from "../lib/cni.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Outcome, type Report, wrap } from "./report.ts";
import { conflist, otherAttachment, type Scene, webAttachment } from "./scene.ts";

/** ADDs both pods. False if one could not be added, which leaves nothing to show. */
export async function showAdd(report: Report, scene: Scene, chain: Chain): Promise<boolean> {
  const add = (attachment: Attachment) => async () => {
    const began = performance.now();
    const result = await chain.add(attachment);
    const took = Math.round(performance.now() - began);
    const addresses = (result.ips ?? []).map(({ address }) => address.split("/")[0]).join(", ");
    return { ok: true, detail: `${addresses} in ${took} ms` };
  };
  const web = await report.expect("web: hostPort 8080, 10 Mbit/s", add(webAttachment(scene.web)));
  const other = await report.expect("other: neither", add(otherAttachment(scene.other)));
  return web && other;
}

/** CHECK on a healthy pod, and once more after somebody took a rule away. */
export async function showCheck(report: Report, scene: Scene, chain: Chain): Promise<void> {
  const attachment = webAttachment(scene.web);
  await report.expect("all is as ADD left it", async () => {
    await chain.check(attachment);
    return { ok: true, detail: "no difference found" };
  });
  await report.expect("somebody deletes a DNAT rule", async (): Promise<Outcome> => {
    await deleteOneRule(scene);
    const error = await chain.check(attachment).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof PluginError)) return { ok: false, detail: `not noticed: ${String(error)}` };
    const { code, msg, details = "" } = error.document;
    const text = [msg, ...details.split("\n").filter((line) => !msg.includes(line))].join("\n");
    const lines = wrap(text, report.width - 6);
    return { ok: true, detail: `${error.plugin} answers with error ${code}:`, below: lines };
  });
}

/** DEL of both pods, and a look at whether anything is left. */
export async function showDel(report: Report, scene: Scene, chain: Chain, before: Snapshot): Promise<void> {
  const { node, web, other } = scene;
  await report.expect("web and other", async () => {
    await chain.del(webAttachment(web));
    await chain.del(otherAttachment(other));
    return { ok: true, detail: "removed" };
  });
  await report.expect("once more, without the namespace", async () => {
    await chain.del({ ...webAttachment(web), netns: "" });
    return { ok: true, detail: "nothing left to remove is success" };
  });
  await report.expect("the node is as it was before ADD", async () => {
    const left = difference(withoutShared(before), withoutShared(await takeSnapshot(node)));
    if (left.length > 0) return { ok: false, detail: `${left.length} differences:`, below: left };
    return { ok: true, detail: "shared chains aside" };
  });
}

export function demoChain(scene: Scene, plugins: string): Chain {
  return new Chain(scene.node, plugins, conflist);
}

async function deleteOneRule({ node }: Scene): Promise<void> {
  const rules = (await node.run(["iptables", "-t", "nat", "-S"])).split("\n");
  const rule = rules.find((line) => line.startsWith("-A CNI-DN-") && line.includes("-j DNAT"));
  if (rule === undefined) throw new Error("there is no DNAT rule");
  await node.run(["iptables", "-t", "nat", "-D", ...rule.split(" ").slice(1)]);
}
