import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { recordedCalls } from "../lib/recorded.ts";
import { noteTried } from "../lib/tried-table.ts";
import { callInProcess, type Type } from "./lib/in-process.ts";
import { flaw, isNonsense } from "./lib/judge.ts";
import { Dice, mutateDocument, mutateText, nastyTexts } from "./lib/mutate.ts";

// Real calls, changed at random, through a whole plugin in this process: it answers with one document, in words, and
// never takes nonsense. A failure names its seed.

interface Seed {
  readonly type: Type;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: object;
}

const rich = {
  runtimeConfig: {
    portMappings: [
      { hostPort: 8080, containerPort: 80, protocol: "tcp", hostIP: "192.0.2.1" },
      { hostPort: 53, containerPort: 53, protocol: "UDP" },
    ],
    bandwidth: { ingressRate: 1e6, ingressBurst: 1e6, egressRate: 1e6, egressBurst: 1e6 },
  },
  conditionsV4: ["!", "-d", "192.0.2.0/24"],
  externalSetMarkChain: "KUBE-MARK-MASQ",
};

const seeds: readonly Seed[] = recordedCalls().flatMap(({ plugin, env, stdin, exit }) => {
  if (exit !== 0) return [];
  const type = plugin as Type;
  return [
    { type, env, stdin },
    { type, env, stdin: { ...stdin, ...rich } },
    {
      type,
      env,
      stdin: {
        ...stdin,
        runtimeConfig: rich.runtimeConfig,
        backend: "nftables",
        conditionsV4: ["ip saddr 10.0.0.0/8"],
      },
    },
  ];
});

const commands = ["ADD", "ADD", "ADD", "CHECK", "DEL", "GC", "STATUS", "VERSION"] as const;
const variables = [
  "CNI_COMMAND",
  "CNI_CONTAINERID",
  "CNI_IFNAME",
  "CNI_NETNS",
  "CNI_ARGS",
  "CNI_PATH",
  "PATH",
] as const;

async function round(seed: number): Promise<string | undefined> {
  const dice = new Dice(seed);
  const { type, env, stdin } = dice.pick(seeds);
  const command = dice.pick(commands);
  const text =
    dice.below(2) === 0
      ? mutateText(JSON.stringify(stdin), dice)
      : JSON.stringify(mutateDocument(mutateDocument(stdin, dice), dice));
  const called: Record<string, string> = { ...env, CNI_COMMAND: command };
  if (dice.below(8) === 0) called[dice.pick(variables)] = dice.pick(nastyTexts).replaceAll("\0", "");
  const answer = await callInProcess(type, called, text);
  const found = flaw(answer);
  if (found !== undefined) return `${type} ${command}: ${found}\n${text}`;
  const asksForWork = ["ADD", "CHECK", "DEL"].includes(called["CNI_COMMAND"] ?? "");
  if (asksForWork && answer.exitCode === 0 && isNonsense(text))
    return `${type} ${command}: nonsense was taken\n${text}`;
  return undefined;
}

test("changed documents and environments", { timeout: patience(60_000, 3_600_000) }, async ({ task }) => {
  const count = rounds(6_000, 1_000_000);
  const first = rounds(1, Date.now() >>> 0);
  const lost: string[] = [];
  let times = 0;
  for (; times < count && lost.length < 20; times += 1) {
    const found = await round(first + times);
    if (found !== undefined) lost.push(`seed ${first + times}: ${found}`);
  }
  noteTried(task, { what: "changed documents, in process", times, lost: lost.length });
  expect(lost).toEqual([]);
});

test("the judge would notice", () => {
  const good = { exitCode: 1, stdout: '{"code":7,"msg":"x"}', stderr: "" };
  expect(flaw(good)).toBeUndefined();
  expect(flaw({ ...good, stdout: `${good.stdout}${good.stdout}` })).toContain("not one JSON document");
  expect(flaw({ ...good, exitCode: 0 })).toBe("an error with exit code 0");
  expect(flaw({ ...good, exitCode: 139 })).toBe("exit code 139");
  expect(flaw({ ...good, stdout: '{"code":999,"msg":"x"}' })).toContain("code 999");
  expect(flaw({ ...good, stderr: "TypeError: x\n    at main.ts:3:5" })).toContain("stack trace");
  expect(
    [`{"name":"a","cniVersion":"1.0.0"}`, `{"name":"a b"}`, `{"cniVersion":"9"}`, "{", "[]"].map(isNonsense),
  ).toEqual([false, true, true, true, true]);
});
