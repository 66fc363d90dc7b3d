import { Chain, PluginError } from "../lib/chain.ts";
import type { ConfList, ResultDocument } from "../lib/cni.ts";
import type { Installation } from "../lib/reference.ts";
import { type Added, Stage } from "../lib/stage.ts";
import type { Situation } from "./situations.ts";

/** A node on which one input is tried, by either's plugins or by both in turn. */
export interface Trial {
  readonly stage: Stage;
  /** The situation's network as these plugins run it. */
  chain(installation: Installation): Chain;
}

/** A fresh node in a situation. */
export async function setTrial(situation: Situation): Promise<Trial> {
  const { iptables, cniVersion = "1.0.0", families, chained } = situation;
  const stage = await Stage.set({ ...(iptables === undefined ? {} : { iptables }), chained: [] });
  await situation.prepare?.(stage.node);
  const base = { type: "base", hairpinMode: true, ...(families === undefined ? {} : { families }) };
  const conf: ConfList = { cniVersion, name: "net", plugins: [base, ...chained] };
  return { stage, chain: ({ directory }) => new Chain(stage.node, directory, conf) };
}

/** ADDs the situation's pods one after the other. */
export async function addPods(
  { stage }: Trial,
  situation: Situation,
  chain: Chain,
): Promise<readonly Added[]> {
  const added: Added[] = [];
  for (const [at, args] of situation.pods.entries())
    added.push(await stage.add(`${situation.podName ?? "pod"}${at}`, args, chain));
  return added;
}

/** The pods in another one's hands. */
export function adoptPods(chain: Chain, pods: readonly Added[]): void {
  for (const { attachment, result } of pods) chain.adopt(attachment, result);
}

/** What CHECK of a pod names, a line each; empty if all is well. */
export async function checkLines(chain: Chain, { attachment }: Added): Promise<readonly string[]> {
  try {
    await chain.check(attachment);
    return [];
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    if (error.document.code !== 101) throw error;
    return (error.document.details ?? "").split("\n");
  }
}

/** What a plugin is called with again once it has added itself: the result of those before it. */
export function beforeIfb(result: ResultDocument): ResultDocument {
  const interfaces = result.interfaces?.filter(({ name }) => !name.startsWith("bwp")) ?? [];
  return { ...result, interfaces };
}
