import type { Runner } from "@cni-chain/exec";
import { scriptedRunner } from "@cni-chain/exec/fake";
import { describe, expect, test } from "vitest";
import { restore } from "../test/scripted.ts";
import { iptables } from "./client.ts";
import { transaction } from "./transaction.ts";

describe("observe", () => {
  test("costs one process where every chain exists", async () => {
    const runner = scriptedRunner([
      { command: restore("-S A\n-S B"), result: { stdout: "-N A\n-A A -j B\n-N B\n" } },
    ]);
    const { nat } = await iptables(runner).observe("v4", { nat: ["A", "B"] }, "exact");
    expect(nat?.get("A")).toEqual({ kind: "present", rules: [{ tokens: ["-j", "B"] }] });
    expect(nat?.get("B")).toEqual({ kind: "present", rules: [] });
    runner.finish();
  });

  test("leaves what stands behind a missing chain unknown", async () => {
    const runner = scriptedRunner([
      { command: restore("-S A\n-S B\n-S C"), result: { stdout: "-N A\n", exitCode: 1 } },
    ]);
    const { nat } = await iptables(runner).observe("v4", { nat: ["A", "B", "C"] });
    expect([...(nat?.values() ?? [])].map(({ kind }) => kind)).toEqual(["present", "absent", "unknown"]);
  });

  test("goes on behind a missing chain for the sake of a built-in one", async () => {
    const first = {
      ...restore(""),
      stdin: "*raw\n-S R\n-S A\nCOMMIT\n*nat\n-S OUTPUT\n-S B\n-S C\nCOMMIT\n",
    };
    const runner = scriptedRunner([
      { command: first, result: { stdout: "-N R\n", exitCode: 1 } },
      { command: restore("-S OUTPUT\n-S B\n-S C"), result: { stdout: "-P OUTPUT ACCEPT\n", exitCode: 1 } },
    ]);
    const { raw, nat } = await iptables(runner).observe("v4", { raw: ["R", "A"], nat: ["OUTPUT", "B", "C"] });
    expect(raw?.get("A")?.kind).toBe("absent");
    expect([...(nat?.values() ?? [])].map(({ kind }) => kind)).toEqual(["present", "absent", "unknown"]);
    runner.finish();
  });

  test("takes a node for new where already the first chain is missing", async () => {
    const first = { ...restore(""), stdin: "*raw\n-S R\nCOMMIT\n*nat\n-S A\n-S OUTPUT\nCOMMIT\n" };
    const runner = scriptedRunner([{ command: first, result: { exitCode: 1 } }]);
    const { raw, nat } = await iptables(runner).observe("v4", { raw: ["R"], nat: ["A", "OUTPUT"] });
    expect([raw?.get("R"), nat?.get("A"), nat?.get("OUTPUT")].map((state) => state?.kind)).toEqual([
      "absent",
      "unknown",
      "unknown",
    ]);
  });

  test("goes on behind a missing chain where the truth is asked for", async () => {
    const runner = scriptedRunner([
      { command: restore("-S A\n-S B\n-S C"), result: { exitCode: 1 } },
      { command: restore("-S B\n-S C"), result: { stdout: "-N B\n", exitCode: 1 } },
    ]);
    const { nat } = await iptables(runner).observe("v4", { nat: ["A", "B", "C"] }, "exact");
    expect([...(nat?.values() ?? [])].map(({ kind }) => kind)).toEqual(["absent", "present", "absent"]);
    runner.finish();
  });

  test("asks for nothing that is known to be missing, and for the rest at once", async () => {
    const presence = () => (_family: string, _table: string, chain: string) => chain === "B" || chain === "D";
    const look = (runner: Runner, accuracy?: "exact") =>
      iptables(runner, undefined, presence).observe("v4", { nat: ["A", "B", "C", "D"] }, accuracy);
    for (const accuracy of ["exact", undefined] as const) {
      const runner = scriptedRunner([{ command: restore("-S B\n-S D"), result: { stdout: "-N B\n-N D\n" } }]);
      const { nat } = await look(runner, accuracy);
      expect([...(nat?.values() ?? [])].map(({ kind }) => kind)).toEqual([
        "absent",
        "present",
        "absent",
        "present",
      ]);
      runner.finish();
    }
  });

  test("reads the whole table where many chains stand behind a missing one", async () => {
    const chains = Array.from({ length: 30 }, (_, at) => `C${at}`);
    const list = (names: readonly string[]) => restore(names.map((name) => `-S ${name}`).join("\n"));
    const whole =
      '-P INPUT ACCEPT\n-N C2\n-N C20\n-N X\n-A C2 -m comment --comment "a b" -j X\n-A X -j C20\n';
    const runner = scriptedRunner([
      { command: list(chains), result: { stdout: "-N C0\n-A C0 -j X\n", exitCode: 1 } },
      { command: restore("-S"), result: { stdout: whole } },
    ]);
    const { nat } = await iptables(runner).observe("v4", { nat: chains }, "exact");
    const present = [...(nat ?? [])].flatMap(([name, state]) =>
      state.kind === "present" ? [[name, state.rules.map(({ tokens }) => tokens.join("|"))]] : [],
    );
    expect(present).toEqual([
      ["C0", ["-j|X"]],
      ["C2", ["-m|comment|--comment|a b|-j|X"]],
      ["C20", []],
    ]);
    expect(nat?.get("C1")?.kind).toBe("absent");
    runner.finish();
  });

  test("starts no process where everything is known to be missing", async () => {
    const client = iptables(scriptedRunner([]), undefined, () => () => false);
    const { nat } = await client.observe("v4", { nat: ["A", "B"] }, "exact");
    expect([...(nat?.values() ?? [])].map(({ kind }) => kind)).toEqual(["absent", "absent"]);
  });

  test.each([2, 3, 4])("takes exit code %i for a failure, not for absence", async (exitCode) => {
    const runner = scriptedRunner([
      { command: restore("-S A"), result: { exitCode, stderr: "Permission denied" } },
    ]);
    await expect(iptables(runner).observe("v4", { nat: ["A"] })).rejects.toMatchObject({ failure: "failed" });
  });

  test("takes a chain that is told to be there, and is not listed, for a failure", async () => {
    const fails = { command: restore("-S A"), result: { exitCode: 1, stderr: "is incompatible" } };
    const told = (...answers: readonly boolean[]) => {
      const left = [...answers];
      return () => () => left.shift();
    };
    const look = (presence: ReturnType<typeof told>) =>
      iptables(scriptedRunner(Array(5).fill(fails)), undefined, presence).observe(
        "v4",
        { nat: ["A"] },
        "exact",
      );
    await expect(look(told(true, true, true, true, true, true))).rejects.toThrow(
      "exit code 1: is incompatible",
    );
    // Somebody removed it in between, at once or once he had made it anew.
    expect((await look(told(true, false))).nat?.get("A")?.kind).toBe("absent");
    expect((await look(told(true, true, false))).nat?.get("A")?.kind).toBe("absent");
    expect((await look(told())).nat?.get("A")?.kind).toBe("absent");
  });

  test("takes a built-in chain that cannot be listed for a failure", async () => {
    const fails = { command: restore("-S PREROUTING"), result: { exitCode: 1 } };
    const runner = scriptedRunner(Array(5).fill(fails));
    await expect(iptables(runner).observe("v4", { nat: ["PREROUTING"] })).rejects.toThrow(/exit code 1/);
  });
});

test.each([
  [true, true],
  [false, true],
  [undefined, false],
])("where a chain's presence is told as %s, missing ones are told: %s", async (told, expected) => {
  const client = iptables(scriptedRunner([]), undefined, () => () => told);
  expect(await client.tellsMissing?.("v6")).toBe(expected);
});

test("a transaction that prints something has not been made", async () => {
  const runner = scriptedRunner([{ command: restore("-N A"), result: { stdout: "rubbish\nmore" } }]);
  const changed = iptables(runner).apply("v4", { nat: transaction(new Map(), { shared: ["A"] }) });
  await expect(changed).rejects.toThrow('iptables-restore: exit code 0: unexpected output: "rubbish"');
});
