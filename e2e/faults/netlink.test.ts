import { describe, expect, type TestContext, test } from "vitest";
import { callPlugin, type PluginAnswer } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { patience, rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { type Added, bandwidth, loopback, Stage } from "../lib/stage.ts";
import { noteTried } from "../lib/tried-table.ts";
import {
  type Injection,
  injecting,
  injectionsAt,
  notedSteps,
  noting,
  ownSteps,
  type Step,
} from "./injected.ts";
import { failureOf, type Verb } from "./workbench.ts";

const verbs: readonly Verb[] = ["ADD", "CHECK", "DEL", "GC", "STATUS"];
const stride = rounds(23, 1);

const limits = { ingressRate: 8e6, ingressBurst: 8e6, egressRate: 8e6, egressBurst: 8e6 };

/** Links, qdiscs and filters of the node, and the pod's lo. */
const look = (netns: string) => `
ip -o link show | sed 's/^[0-9]*: //; s/ state [A-Z]*//; s/@if[0-9]*//'
tc qdisc show
for dev in /sys/class/net/*; do tc filter show dev \${dev##*/} ingress | sed "s,^,\${dev##*/}: ,"; done
nsenter --net=${netns} ip -o link show lo | sed 's/ qdisc.*//'`;

/** A pod with limits and one that gets them, on pairs of their own. */
class Ground {
  readonly #stage: Stage;
  readonly #pod: Added;
  readonly #type: "bandwidth" | "loopback";

  constructor(stage: Stage, pod: Added, type: "bandwidth" | "loopback") {
    this.#stage = stage;
    this.#pod = pod;
    this.#type = type;
  }

  call(verb: Verb, under: readonly string[] = []): Promise<PluginAnswer> {
    const { attachment, result } = this.#pod;
    const entry = this.#type === "bandwidth" ? bandwidth() : loopback;
    const valid = { "cni.dev/valid-attachments": [{ containerID: "neighbour", ifname: "eth0" }] };
    const isOfPod = verb !== "GC" && verb !== "STATUS";
    const conf = pluginConf(this.#stage.chain.conf, entry, attachment, isOfPod ? result : undefined);
    return callPlugin(this.#stage.node, {
      binary: plugin(this.#type),
      env: pluginEnv(verb, attachment, plugins),
      stdin: verb === "GC" ? { ...conf, ...valid } : conf,
      under,
    });
  }

  async lostBy(verb: Verb): Promise<readonly string[]> {
    const failure = failureOf(await this.call(verb));
    return failure === undefined ? [] : [`the next ${verb} fails: ${JSON.stringify(failure)}`];
  }

  async state(): Promise<string> {
    return this.#stage.node.run(["sh", "-c", look(this.#pod.attachment.netns)]);
  }

  /** The steps of a verb that goes well. */
  async steps(verb: Verb): Promise<readonly Step[]> {
    if (verb !== "ADD") expect(await this.lostBy("ADD")).toEqual([]);
    expect(failureOf(await this.call(verb, noting))).toBeUndefined();
    const steps = await notedSteps(this.#stage.node, ownSteps);
    expect(await this.lostBy("DEL")).toEqual([]);
    return steps;
  }
}

async function tryInjection(ground: Ground, clean: string, verb: Verb, step: Step, injection: Injection) {
  if (verb !== "ADD") await ground.lostBy("ADD");
  const before = verb === "ADD" ? clean : await ground.state();
  const answer = await ground.call(verb, injecting(step, injection));
  const after = await ground.state();
  const failure = failureOf(answer);
  const lost: string[] = [];
  const same = (what: string, a: string, b: string) => {
    const [old, now] = [a.split("\n"), b.split("\n")];
    lost.push(...now.filter((line) => !old.includes(line)).map((line) => `${what}: + ${line}`));
    lost.push(...old.filter((line) => !now.includes(line)).map((line) => `${what}: - ${line}`));
  };
  if (failure === undefined) {
    if (verb === "ADD") lost.push(...(await ground.lostBy("CHECK")));
    if (verb === "DEL" || verb === "GC") same("not removed", clean, after);
    // By then it has what it went for.
    const isWayBack = step.call === "setns" && step.n === 2;
    if (verb === "CHECK" && injection === "refused by the kernel" && !isWayBack)
      lost.push("CHECK could not look, and said that all is well");
  } else if (injection === "refused by the kernel") {
    if (failure.code < 3 || failure.code > 100 || failure.msg === "" || failure.details === "")
      lost.push(`not clear: ${JSON.stringify(failure)}`);
    if (verb === "ADD" || verb === "CHECK" || verb === "STATUS") same("not undone", before, after);
  } else if (answer.stdout !== "") {
    lost.push(`killed, and said ${answer.stdout}`);
  }
  if (verb === "ADD") {
    lost.push(...(await ground.lostBy("DEL")));
    same("left by DEL at once", clean, await ground.state());
  }
  if (verb === "ADD" || verb === "DEL")
    lost.push(...(await ground.lostBy("ADD")), ...(await ground.lostBy("CHECK")));
  lost.push(...(await ground.lostBy("DEL")));
  same("left by DEL", clean, await ground.state());
  return lost;
}

async function tryAll(ground: Ground, type: string, task: TestContext["task"]): Promise<void> {
  const clean = await ground.state();
  const lost: string[] = [];
  let at = 0;
  for (const verb of verbs) {
    for (const step of await ground.steps(verb)) {
      for (const injection of injectionsAt(step)) {
        at += 1;
        if (at % stride !== 0) continue;
        const found = await tryInjection(ground, clean, verb, step, injection);
        noteTried(task, {
          what: `${injection} at ${step.call}: ${type}`,
          times: 1,
          lost: found.length > 0 ? 1 : 0,
        });
        lost.push(
          ...found.map(
            (what) => `${injection} at ${step.call} ${step.n} ${step.path ?? ""} of ${verb}: ${what}`,
          ),
        );
      }
    }
  }
  expect(at).toBeGreaterThan(20);
  expect(lost).toEqual([]);
}

describe.concurrent.each(["bandwidth", "loopback"] as const)("%s", (type) => {
  test("whatever the kernel refuses is told, undone and can be cleared", {
    timeout: patience(120_000),
  }, async ({ task }) => {
    await using stage = await Stage.set({ base: { mode: "ptp" }, chained: [] });
    await stage.add(
      "neighbour",
      { bandwidth: limits },
      stage.chainOf({ base: { mode: "ptp" }, chained: [bandwidth()] }),
    );
    await tryAll(new Ground(stage, await stage.add("c1", { bandwidth: limits }), type), type, task);
  });
});
