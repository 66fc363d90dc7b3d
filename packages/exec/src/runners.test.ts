import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { emptyFolder } from "../test/folder.ts";
import { bunRunner } from "./bun-runner.ts";
import type { Runner } from "./command.ts";
import { execaRunner } from "./execa-runner.ts";

const env = { PATH: process.env["PATH"] ?? "", GREETING: "hello" };
const runners: readonly [string, (env: Record<string, string>) => Runner][] = [
  ["bunRunner", (env) => bunRunner({ env, budgetMs: 30_000 })],
  ["execaRunner", (env) => execaRunner({ env })],
];

describe.each(runners)("%s", (name, make) => {
  const sh = (script: string, more: object = {}) =>
    make(env).run({ file: "sh", argv: ["-c", script], ...more });

  test("gives exit code and both outputs", async () => {
    expect(await sh("echo out; echo err >&2; exit 3")).toEqual({
      kind: "exited",
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("feeds standard input, and an empty one where there is none", async () => {
    expect(await sh("cat", { stdin: "a\nb" })).toMatchObject({ stdout: "a\nb" });
    expect(await sh("cat")).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("passes arguments untouched by any shell", async () => {
    const argv = ["-c", 'printf "%s|" "$@"', "sh", "a b", "$(id)", "", "'\"\\"];
    expect(await make(env).run({ file: "sh", argv })).toMatchObject({ stdout: "a b|$(id)||'\"\\|" });
  });

  test("hands on its environment and no other", async () => {
    process.env["RUNNER_TEST_LEAK"] = "leak";
    expect(await sh('echo "$GREETING$RUNNER_TEST_LEAK"')).toMatchObject({ stdout: "hello\n" });
  });

  test("tells a signal from an exit", async () => {
    expect(await sh("kill -TERM $$")).toMatchObject({
      kind: "signalled",
      signal: expect.stringMatching(/TERM|^15$/),
    });
  });

  test("says which PATH lacks a tool", async () => {
    const result = await make({ PATH: "/nowhere" }).run({ file: "no-such-tool", argv: [] });
    expect(result).toEqual({ kind: "notFound", path: "/nowhere" });
  });

  test("says where else a tool is", async () => {
    const result = await make({ PATH: "/nowhere" }).run({ file: "ls", argv: [] });
    expect(result).toMatchObject({ kind: "notFound", elsewhere: expect.stringMatching(/^(\/usr)?\/bin$/) });
  });

  test("tells a tool that is missing from one whose interpreter is", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "script"), "#!/no/such/shell\n", { mode: 0o755 });
    expect(await make({ PATH: folder }).run({ file: "script", argv: [] })).toEqual({
      kind: "notStarted",
      reason: `ENOENT: what runs ${folder}/script is missing, its interpreter or loader`,
    });
  });

  test("ends a tool that hangs", async () => {
    expect(await sh("exec sleep 60", { timeoutMs: 100 })).toMatchObject({ kind: "timedOut", timeoutMs: 100 });
  });

  test("gives all of a large output", async () => {
    const result = await sh("seq 1 200000; seq 1 100000 >&2");
    expect(result).toMatchObject({ stdout: expect.stringMatching(/\n200000\n$/) });
    expect("stderr" in result && result.stderr.length).toBe(588_895);
  });

  test("is not held by a grandchild that keeps the pipe open", async () => {
    const { kind } = await sh("sleep 3 & exit 0", { timeoutMs: 300 });
    // Whoever reads from a pipe cannot know that nothing more will come.
    expect(kind).toBe(name === "bunRunner" ? "exited" : "timedOut");
  });
});
