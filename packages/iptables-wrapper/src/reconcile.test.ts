import type { Runner } from "@cni-chain/exec";
import { scriptedRunner } from "@cni-chain/exec/fake";
import { describe, expect, test } from "vitest";
import { iptables } from "./client.ts";
import { type Reconciliation, reconcile } from "./reconcile.ts";
import { type Desired, transaction } from "./transaction.ts";

const argv = ["--noflush", "--wait", "20"];
const restore = (stdin: string) => ({ file: "iptables-restore", argv, stdin: `*nat\n${stdin}\nCOMMIT\n` });
const task = (chains: string[]): Reconciliation => ({
  family: "v4",
  chains: { nat: chains },
  plan: ({ nat = new Map() }) => ({ nat: transaction(nat, { shared: chains }) }),
});

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

  test("takes a built-in chain that cannot be listed for a failure", async () => {
    const runner = scriptedRunner([{ command: restore("-S PREROUTING"), result: { exitCode: 1 } }]);
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

test("a look that was made just now is not made again", async () => {
  const runner = scriptedRunner([{ command: restore("-N B"), result: {} }]);
  const seen = { nat: new Map([["A", { kind: "present", rules: [] } as const]]) };
  await reconcile(iptables(runner), { ...task(["A", "B"]), seen });
  runner.finish();
});

describe("the look behind a transaction", () => {
  const removing = (): Reconciliation => ({
    family: "v4",
    chains: { nat: ["A"] },
    accuracy: "exact",
    andThen: { nat: ["D"], raw: ["G"] },
    plan: ({ nat = new Map() }) => ({ nat: transaction(nat, { absent: ["A"] }) }),
  });
  const listed = { command: restore("-S A"), result: { stdout: "-N A\n" } };
  const removed = {
    ...restore(""),
    stdin: "*nat\n-X A\nCOMMIT\n*nat\n-S D\nCOMMIT\n*raw\n-S G\nCOMMIT\n",
  };

  test("is in the same process", async () => {
    const runner = scriptedRunner([listed, { command: removed, result: { stdout: "-N D\n-N G\n" } }]);
    const { after } = await reconcile(iptables(runner), removing());
    expect([after?.nat?.get("D")?.kind, after?.raw?.get("G")?.kind]).toEqual(["present", "present"]);
    runner.finish();
  });

  test("may end at a chain that is missing, behind the commit", async () => {
    const runner = scriptedRunner([listed, { command: removed, result: { stdout: "-N D\n", exitCode: 1 } }]);
    const { after } = await reconcile(iptables(runner), removing());
    expect([after?.nat?.get("D")?.kind, after?.raw?.get("G")?.kind]).toEqual(["present", "absent"]);
    runner.finish();
  });

  test("tells nothing where it lists nothing: then the transaction is planned again", async () => {
    const runner = scriptedRunner([
      listed,
      { command: removed, result: { exitCode: 1 } },
      { command: restore("-S A"), result: { exitCode: 1 } },
    ]);
    expect((await reconcile(iptables(runner), removing())).after).toBeUndefined();
    runner.finish();
  });

  test("is not taken where there is nothing to change", async () => {
    const runner = scriptedRunner([{ command: restore("-S A"), result: { exitCode: 1 } }]);
    expect((await reconcile(iptables(runner), removing())).after).toBeUndefined();
    runner.finish();
  });
});

describe("reconcile", () => {
  test("starts no second process where nothing is to be changed", async () => {
    const runner = scriptedRunner([{ command: restore("-S A"), result: { stdout: "-N A\n" } }]);
    await reconcile(iptables(runner), task(["A"]));
    runner.finish();
  });

  test("plans again after a lost race", async () => {
    const runner = scriptedRunner([
      { command: restore("-S A\n-S B"), result: { exitCode: 1 } },
      { command: restore("-N A\n-N B"), result: { exitCode: 1, stderr: "Chain already exists" } },
      { command: restore("-S A\n-S B"), result: { stdout: "-N A\n", exitCode: 1 } },
      { command: restore("-N B"), result: {} },
    ]);
    await reconcile(iptables(runner), task(["A", "B"]));
    runner.finish();
  });

  test("gives up where the same plan fails twice over", async () => {
    const runner = scriptedRunner([
      { command: restore("-S A"), result: { exitCode: 1 } },
      { command: restore("-N A"), result: { exitCode: 2, stderr: "no such match" } },
      { command: restore("-S A"), result: { exitCode: 1 } },
    ]);
    await expect(reconcile(iptables(runner), task(["A"]))).rejects.toMatchObject({
      failure: "failed",
      details: expect.stringContaining("-N A"),
    });
    runner.finish();
  });

  test("does not try again within a call that waited for the lock in vain", async () => {
    const stderr = "Another app is currently holding the xtables lock. Stopped waiting after 20s.";
    const runner = scriptedRunner([
      { command: restore("-S A"), result: { exitCode: 1 } },
      { command: restore("-N A"), result: { exitCode: 4, stderr } },
    ]);
    await expect(reconcile(iptables(runner), task(["A"]))).rejects.toMatchObject({ failure: "tryAgain" });
    runner.finish();
  });

  describe("with a guess", () => {
    const guess = { nat: [{ kind: "newChain", chain: "B" }] } as const;
    const guessing: Reconciliation = {
      family: "v4",
      chains: { raw: ["R"], nat: ["A"] },
      guess,
      plan: () => ({}),
    };
    const all = { ...restore(""), stdin: "*raw\n-S R\nCOMMIT\n*nat\n-S A\n-N B\nCOMMIT\n" };
    const planOf =
      (raw: Desired): Reconciliation["plan"] =>
      ({ nat = new Map() }) => ({
        raw: transaction(new Map([["EXTRA", { kind: "absent" }]]), raw),
        nat: transaction(nat, { shared: ["A", "B"] }),
      });

    test("that was the plan, one process does it all", async () => {
      const runner = scriptedRunner([{ command: all, result: { stdout: "-N R\n-N A\n" } }]);
      await reconcile(iptables(runner), { ...guessing, plan: planOf({}) });
      runner.finish();
    });

    test("that left another table out, that table is done after it", async () => {
      const runner = scriptedRunner([
        { command: all, result: { stdout: "-N R\n-N A\n" } },
        { command: { ...restore(""), stdin: "*raw\n-N EXTRA\nCOMMIT\n" }, result: {} },
      ]);
      await reconcile(iptables(runner), { ...guessing, plan: planOf({ shared: ["EXTRA"] }) });
      runner.finish();
    });

    test("that was refused, it plans from what the guess has shown", async () => {
      const runner = scriptedRunner([
        { command: all, result: { stdout: "-N R\n-N A\n", exitCode: 1, stderr: "Chain already exists." } },
        { command: restore("-N B"), result: {} },
      ]);
      await reconcile(iptables(runner), { ...guessing, plan: planOf({}) });
      runner.finish();
    });

    test("that was carried out but was not the whole plan, it looks again", async () => {
      const runner = scriptedRunner([
        { command: all, result: { stdout: "-N R\n-N A\n" } },
        {
          command: { ...all, stdin: "*raw\n-S R\nCOMMIT\n*nat\n-S A\nCOMMIT\n" },
          result: { stdout: "-N R\n-N A\n" },
        },
        { command: restore("-N C"), result: {} },
      ]);
      const plan: Reconciliation["plan"] = () => ({ nat: [{ kind: "newChain", chain: "C" }] });
      await reconcile(iptables(runner), { ...guessing, plan });
      runner.finish();
    });

    test("that ended at a missing chain, it looks at what is behind and plans from that", async () => {
      const runner = scriptedRunner([
        { command: all, result: { exitCode: 1, stderr: "No chain" } },
        { command: restore("-N A\n-N B"), result: {} },
      ]);
      await reconcile(iptables(runner), { ...guessing, plan: planOf({}) });
      runner.finish();
    });

    describe("of what is to be removed", () => {
      const removal = { nat: [{ kind: "deleteChain", chain: "A" }] } as const;
      const removing: Reconciliation = {
        family: "v4",
        chains: { nat: ["A", "OLD"] },
        accuracy: "exact",
        guess: removal,
        andThen: { nat: ["D"], raw: ["G"] },
        plan: ({ nat = new Map() }) => ({ nat: transaction(nat, { absent: ["A", "OLD"] }) }),
      };
      const presence = () => (_family: string, _table: string, chain: string) =>
        chain === "OLD" || chain === "G" ? false : undefined;
      const tried = { ...restore(""), stdin: "*nat\n-S A\n-X A\nCOMMIT\n*nat\n-S D\nCOMMIT\n" };

      test("one process lists, removes and looks behind it, and asks for nothing known to be missing", async () => {
        const runner = scriptedRunner([{ command: tried, result: { stdout: "-N A\n-N D\n" } }]);
        const { before, after } = await reconcile(iptables(runner, undefined, presence), removing);
        expect([before.nat?.get("A")?.kind, before.nat?.get("OLD")?.kind]).toEqual(["present", "absent"]);
        expect([after?.nat?.get("D")?.kind, after?.raw?.get("G")?.kind]).toEqual(["present", "absent"]);
        runner.finish();
      });

      test("refused, the plan is made from what it has shown", async () => {
        const runner = scriptedRunner([
          { command: tried, result: { stdout: "-N A\n-A A -j X\n", exitCode: 1 } },
          {
            command: { ...tried, stdin: "*nat\n-F A\n-X A\nCOMMIT\n*nat\n-S D\nCOMMIT\n" },
            result: { stdout: "-N D\n" },
          },
        ]);
        const { before } = await reconcile(iptables(runner, undefined, presence), removing);
        expect(before.nat?.get("A")).toEqual({ kind: "present", rules: [{ tokens: ["-j", "X"] }] });
        runner.finish();
      });

      test("carried out, but not the whole plan: what it has removed is told all the same", async () => {
        const more: Reconciliation["plan"] = ({ nat = new Map() }) => ({
          nat: transaction(new Map([...nat, ["MORE", { kind: "present", rules: [] }]]), {
            absent: ["A", "MORE"],
          }),
        });
        const runner = scriptedRunner([
          { command: tried, result: { stdout: "-N A\n-N D\n" } },
          { command: restore("-S A"), result: { exitCode: 1 } },
          {
            command: { ...tried, stdin: "*nat\n-X MORE\nCOMMIT\n*nat\n-S D\nCOMMIT\n" },
            result: { stdout: "-N D\n" },
          },
        ]);
        const { before } = await reconcile(iptables(runner, undefined, presence), {
          ...removing,
          plan: more,
        });
        expect(before.nat?.get("A")?.kind).toBe("present");
        runner.finish();
      });

      test("of a chain that is known to be missing, it is not even tried", async () => {
        const client = iptables(scriptedRunner([]), undefined, () => () => false);
        const { before } = await reconcile(client, removing);
        expect(before.nat?.get("A")?.kind).toBe("absent");
      });
    });

    test("a lock that is not to be had ends it", async () => {
      const stderr = "Another app is currently holding the xtables lock.";
      const runner = scriptedRunner([{ command: all, result: { exitCode: 4, stderr } }]);
      await expect(reconcile(iptables(runner), guessing)).rejects.toMatchObject({ failure: "tryAgain" });
    });
  });
});

test("a transaction that prints something has not been made", async () => {
  const runner = scriptedRunner([{ command: restore("-N A"), result: { stdout: "rubbish\nmore" } }]);
  const changed = iptables(runner).apply("v4", { nat: transaction(new Map(), { shared: ["A"] }) });
  await expect(changed).rejects.toThrow('iptables-restore: exit code 0: unexpected output: "rubbish"');
});
