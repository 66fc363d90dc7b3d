import { type ScriptedResult, scriptedRunner } from "@cni-chain/exec/fake";
import { expect, test } from "vitest";
import { countedChains } from "./counted.ts";

const where = { family: "v4", variant: "nft", table: "nat" } as const;
const list = (...chains: string[]) => ({
  file: "iptables-nft-restore",
  argv: ["--noflush", "--wait", "20"],
  stdin: `*nat\n${chains.map((chain) => `-S ${chain} -v\n`).join("")}COMMIT\n`,
});

async function counted(chains: readonly string[], ...calls: [ReturnType<typeof list>, ScriptedResult][]) {
  const runner = scriptedRunner(calls.map(([command, result]) => ({ command, result })));
  const found = await countedChains(runner, where, chains);
  runner.finish();
  return found;
}

test("counters stand apart from the rule, whatever its comment says", async () => {
  const stdout = `-N A\n-A A -m comment --comment "-c" -c 3 180 -j B\n-A A -p tcp -c 0 0 -j C\n`;
  expect(await counted(["A"], [list("A"), { stdout }])).toEqual(
    new Map([
      [
        "A",
        [
          { tokens: ["-m", "comment", "--comment", "-c", "-j", "B"], packets: 3, bytes: 180 },
          { tokens: ["-p", "tcp", "-j", "C"], packets: 0, bytes: 0 },
        ],
      ],
    ]),
  );
});

test("a chain that is missing ends a listing, and the rest is asked for again", async () => {
  const found = await counted(
    ["A", "B", "C"],
    [list("A", "B", "C"), { exitCode: 1, stdout: "-N A\n", stderr: "no chain by that name" }],
    [list("C"), { stdout: "-N C\n" }],
  );
  expect([...found.keys()]).toEqual(["A", "C"]);
});

test("nothing asked is no process", async () => {
  expect(await counted([])).toEqual(new Map());
});

test.each<[string, ScriptedResult]>([
  ["another exit code", { exitCode: 2, stderr: "bad argument" }],
  ["a tool that is missing", { kind: "notFound", path: "/bin" }],
  ["another chain than asked for", { stdout: "-N X\n" }],
])("%s is an error", async (_, result) => {
  await expect(counted(["A"], [list("A"), result])).rejects.toMatchObject({ name: "CommandError" });
});

test("a name that could end the line is refused", async () => {
  await expect(counted(["A\n-F B"])).rejects.toThrow(RangeError);
});
