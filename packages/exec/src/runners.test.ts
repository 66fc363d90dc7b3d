import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { bunRunner } from "./bun-runner.ts";
import { commandLine, type Runner } from "./command.ts";
import { CommandError, runToSuccess } from "./command-error.ts";
import { execaRunner } from "./execa-runner.ts";
import { scriptedRunner } from "./fake-runner.ts";

const env = { PATH: process.env["PATH"] ?? "", GREETING: "hello" };
const runners: readonly [string, (env: Record<string, string>) => Runner][] = [
  ["bunRunner", (env) => bunRunner({ env, budgetMs: 30_000 })],
  ["execaRunner", (env) => execaRunner({ env })],
];

describe.each(runners)("%s", (_, make) => {
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

  test("ends a tool that hangs", async () => {
    expect(await sh("exec sleep 60", { timeoutMs: 100 })).toMatchObject({ kind: "timedOut", timeoutMs: 100 });
  });

  test("is not held by a grandchild that keeps the pipe open", async () => {
    expect(await sh("sleep 3 & exit 0", { timeoutMs: 300 })).toMatchObject({ kind: "timedOut" });
  });
});

test("bunRunner's budget is for all calls together", async () => {
  const runner = bunRunner({ env, budgetMs: 100 });
  const hang = { file: "sleep", argv: ["60"] };
  expect(await runner.run(hang)).toMatchObject({ kind: "timedOut" });
  expect(await runner.run({ file: "true", argv: [] })).toEqual({
    kind: "timedOut",
    timeoutMs: 0,
    stdout: "",
    stderr: "",
  });
});

test("bunRunner's way back has a time of its own", async () => {
  const runner = bunRunner({ env, budgetMs: 1 });
  expect(await runner.run({ file: "sleep", argv: ["60"] })).toMatchObject({ kind: "timedOut" });
  runner.turnBack();
  expect(await runner.run({ file: "true", argv: [] })).toMatchObject({ kind: "exited", exitCode: 0 });
});

test("bunRunner kills a tool with all it has started", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const script = 'sleep 60 & echo $! >"$0"; wait';
  const file = join(mkdtempSync(join(tmpdir(), "runner-")), "pid");
  await runner.run({ file: "sh", argv: ["-c", script, file], timeoutMs: 300 });
  const pid = readFileSync(file, "utf8").trim();
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5000);
});

test("bunRunner answers of a tool that hangs when that is gone, and not even a zombie", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const file = join(mkdtempSync(join(tmpdir(), "runner-")), "pid");
  await runner.run({
    file: "sh",
    argv: ["-c", 'echo $$ >"$0"; exec sleep 60', file],
    timeoutMs: 300,
  });
  expect(existsSync(`/proc/${readFileSync(file, "utf8").trim()}`)).toBe(false);
});

test("bunRunner's end leaves nothing running", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const file = join(mkdtempSync(join(tmpdir(), "runner-")), "pid");
  const running = runner.run({ file: "sh", argv: ["-c", 'echo $$ >"$0"; exec sleep 60', file] });
  const pid = await vi.waitFor(() => {
    const text = readFileSync(file, "utf8").trim();
    expect(text).not.toBe("");
    return text;
  }, 5000);
  await runner.end();
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(await running).toMatchObject({ kind: "signalled" });
});

/** Not so where there is none, or where nobody has asked yet how it ended. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("CommandError", () => {
  const command = { file: "tc", argv: ["-batch", "-"], stdin: "qdisc add dev 'x'\n" };
  const failing = scriptedRunner([{ command, result: { exitCode: 2, stderr: "one\ntwo\n" } }]);

  test("has all a person needs to repeat the call", async () => {
    const error = await runToSuccess(failing, command).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CommandError);
    expect(error).toMatchObject({ failure: "failed", message: "tc: exit code 2: two" });
    expect((error as CommandError).details).toBe(
      "command: tc -batch -\nstderr: one\ntwo\nstdin:\nqdisc add dev 'x'",
    );
  });

  test("tells the reason, not what stands behind it", () => {
    const stderr =
      "iptables-restore: unable to initialize table 'raw'\nError occurred at line: 1\nTry `iptables-restore -h' for more information.\n";
    const { message } = new CommandError(command, { kind: "exited", exitCode: 2, stdout: "", stderr });
    expect(message).toBe("tc: exit code 2: iptables-restore: unable to initialize table 'raw'");
  });

  test.each([
    ["toolMissing", { kind: "notFound", path: "/bin" }],
    ["timedOut", { kind: "timedOut", timeoutMs: 5, stdout: "", stderr: "" }],
    ["tryAgain", { kind: "stopped", signal: "SIGTERM" }],
    ["failed", { kind: "signalled", signal: "SIGKILL", stdout: "", stderr: "" }],
    ["failed", { kind: "notStarted", reason: "EACCES" }],
  ] as const)("%s", (failure, result) => {
    expect(new CommandError(command, result).failure).toBe(failure);
  });
});

describe("scriptedRunner", () => {
  const call = { command: { file: "true", argv: [] }, result: {} };

  test("rejects a call that is not in the script", async () => {
    await expect(scriptedRunner([]).run(call.command)).rejects.toThrow(/unexpected call: true/);
    await expect(scriptedRunner([call]).run({ file: "true", argv: ["x"] })).rejects.toThrow(/differs/);
  });

  test("finish tells of a call that never came", () => {
    expect(() => scriptedRunner([call]).finish()).toThrow(/never came: true/);
  });
});

test("a command is printed as it would be typed", () => {
  expect(commandLine({ file: "ip", argv: ["link", "a b", "it's", ""] })).toBe(`ip link 'a b' 'it'\\''s' ''`);
});
