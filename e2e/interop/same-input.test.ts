import { afterAll, describe, expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginEnv } from "../lib/chain.ts";
import { compareVersions, type ResultDocument } from "../lib/cni.ts";
import { Node } from "../lib/node.ts";
import { type Installation, ours, reference, whyNoReference } from "../lib/reference.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { explain, type KnownName, reasons } from "./known-differences.ts";
import { compareStates, resultState, takeState } from "./node-state.ts";
import { type Situation, situations, versions } from "./situations.ts";
import { addPods, adoptPods, checkLines, setTrial } from "./trial.ts";

// Two nodes side by side, the same input to both: ours and the reference make the same of it, but for what
// known-differences.ts lists, and either removes what the other has made.
const reason = whyNoReference();
if (reason !== undefined)
  console.warn(`left out, the same input to the reference's plugins and ours: ${reason}`);

const seen: KnownName[] = [];
afterAll(() => console.log(`Ours and the reference differ as known:\n${reasons(seen)}`));

const hasCheck = ({ cniVersion = "1.0.0" }: Situation) => compareVersions(cniVersion, "0.4.0") >= 0;

describe.skipIf(reason !== undefined)("the same input", () => {
  test.concurrent.each(situations)("$what", async (situation) => {
    const [mine, theirs] = await Promise.all([setTrial(situation), setTrial(situation)]);
    await using _ = mine.stage;
    await using __ = theirs.stage;
    const [mineBefore, theirsBefore] = await Promise.all(
      [mine, theirs].map(async ({ stage }) => withoutShared(await takeSnapshot(stage.node))),
    );
    const left = async (trial: typeof mine, before: Snapshot = new Map()) =>
      difference(before, withoutShared(await takeSnapshot(trial.stage.node)));

    const [minePods, theirPods] = await Promise.all([
      addPods(mine, situation, mine.chain(ours)),
      addPods(theirs, situation, theirs.chain(reference)),
    ]);
    const [mineState, theirState] = await Promise.all([
      takeState(mine.stage.node),
      takeState(theirs.stage.node),
    ]);
    const lines = [
      ...compareStates(mineState, theirState),
      ...minePods.flatMap(({ result }, at) =>
        compareStates(resultState("chain", result), resultState("chain", theirPods[at]?.result ?? {})),
      ),
    ];
    const { differs, mayDiffer = [] } = situation;
    const allowed = [...differs, ...mayDiffer];
    const told = explain(lines, ({ line }) => line, allowed);
    seen.push(...told.seen);
    expect(told.unexplained, "differences that nobody has explained").toEqual([]);
    expect(told.seen, "differences that are known").toEqual(expect.arrayContaining([...differs]));

    // Ours takes over the reference's node: CHECK names what is known to be missing, DEL leaves nothing.
    const takenOver = theirs.chain(ours);
    adoptPods(takenOver, theirPods);
    const named = new Set<KnownName>();
    for (const pod of hasCheck(situation) ? theirPods : []) {
      const checked = explain(await checkLines(takenOver, pod), ({ check }) => check, allowed);
      expect(checked.unexplained, "our CHECK of the reference's pod").toEqual([]);
      for (const name of checked.seen) named.add(name);
    }
    if (hasCheck(situation)) {
      const nameable = (["guard", "masqAll"] as const).filter((name) => differs.includes(name));
      expect([...named]).toEqual(expect.arrayContaining(nameable));
    }
    for (const { attachment } of theirPods) await takenOver.del(attachment);
    expect(await left(theirs, theirsBefore), "left of the reference's ADD by our DEL").toEqual([]);

    // The reference takes over ours: it leaves the guard, of which it knows nothing.
    const givenBack = mine.chain(reference);
    adoptPods(givenBack, minePods);
    for (const { attachment } of minePods) await givenBack.del(attachment);
    const unknown = (await left(mine, mineBefore)).filter((line) => !/: raw .*CNI-HOSTPORT-LOCAL/.test(line));
    expect(unknown, "left of our ADD by the reference's DEL").toEqual([]);
  });

  test.concurrent.each(versions)("loopback alone at CNI %s", async (cniVersion) => {
    await using node = await Node.start();
    const answers: ResultDocument[] = [];
    for (const installation of [ours, reference]) {
      const pod = await node.addPod(installation.whose);
      const { exitCode, json } = await loopback(node, installation, "ADD", pod.netns, cniVersion);
      expect(exitCode, JSON.stringify(json)).toBe(0);
      answers.push(json as ResultDocument);
      expect(await pod.run(["ip", "-o", "link", "show", "lo"])).toContain(",UP");
    }
    const [mine = {}, theirs = {}] = answers.map((answer) =>
      JSON.parse(JSON.stringify(answer).replaceAll(/netns\/(ours|reference)/g, "netns/pod")),
    );
    const lines = compareStates(resultState("loopback", mine), resultState("loopback", theirs));
    const differs = compareVersions(cniVersion, "1.0.0") < 0 ? (["ipVersion"] as const) : [];
    expect(explain(lines, ({ line }) => line, differs)).toEqual({ seen: differs, unexplained: [] });

    // Each takes the other's down again.
    for (const [installation, of] of [
      [ours, "reference"],
      [reference, "ours"],
    ] as const) {
      const pod = node.netns(`/run/netns/${of}`);
      const prevResult = answers[of === "ours" ? 0 : 1];
      if (compareVersions(cniVersion, "0.4.0") >= 0) {
        const checked = await loopback(node, installation, "CHECK", pod.netns, cniVersion, prevResult);
        expect(checked.exitCode, checked.stdout).toBe(0);
      }
      const deleted = await loopback(node, installation, "DEL", pod.netns, cniVersion);
      expect(deleted.exitCode, deleted.stdout).toBe(0);
      expect(await pod.run(["ip", "-o", "link", "show", "lo"])).not.toContain(",UP");
    }
  });
});

function loopback(
  node: Node,
  { directory }: Installation,
  command: string,
  netns: string,
  cniVersion: string,
  prevResult?: ResultDocument,
) {
  const attachment = { containerId: "c1", ifname: "lo", netns };
  return callPlugin(node, {
    binary: `${directory}/loopback`,
    env: pluginEnv(command, attachment, directory),
    stdin: { cniVersion, name: "net", type: "loopback", ...(prevResult === undefined ? {} : { prevResult }) },
  });
}
