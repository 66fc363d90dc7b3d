import { scriptedRunner } from "@cni-chain/exec/fake";
import { describe, expect, test } from "vitest";
import { restore } from "../test/scripted.ts";
import { iptables } from "./client.ts";
import { type Reconciliation, reconcile } from "./reconcile.ts";
import { type Desired, transaction } from "./transaction.ts";

describe("reconcile with a guess", () => {
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
