import { scriptedRunner } from "@cni-chain/exec/fake";
import { describe, expect, test } from "vitest";
import { restore, task } from "../test/scripted.ts";
import { iptables } from "./client.ts";
import { type Reconciliation, reconcile } from "./reconcile.ts";
import { transaction } from "./transaction.ts";

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

  test("gives up where the same plan fails three times over", async () => {
    const missing = { command: restore("-S A"), result: { exitCode: 1 } };
    const refused = { command: restore("-N A"), result: { exitCode: 2, stderr: "no such match" } };
    const runner = scriptedRunner([missing, refused, missing, refused, missing, refused, missing]);
    await expect(reconcile(iptables(runner), task(["A"]))).rejects.toMatchObject({
      failure: "failed",
      details: expect.stringContaining("-N A"),
    });
    runner.finish();
  });

  test("tries the same plan again where a chain has come and gone", async () => {
    const runner = scriptedRunner([
      { command: restore("-S A"), result: { exitCode: 1 } },
      { command: restore("-N A"), result: { exitCode: 1, stderr: "Chain already exists" } },
      { command: restore("-S A"), result: { exitCode: 1 } },
      { command: restore("-N A"), result: {} },
    ]);
    await reconcile(iptables(runner), task(["A"]));
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
});
