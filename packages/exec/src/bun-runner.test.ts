import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { emptyFolder } from "../test/folder.ts";
import { bunRunner } from "./bun-runner.ts";
import type { Tool } from "./command.ts";
import { execaRunner } from "./execa-runner.ts";

const env = { PATH: process.env["PATH"] ?? "" };

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

test("bunRunner hands a descriptor on to every tool, and no other", async () => {
  const inherited = openSync(fileURLToPath(import.meta.url), "r");
  try {
    const runner = bunRunner({ env, budgetMs: 30_000, inherited });
    const list = { file: "sh", argv: ["-c", "cat; for fd in /proc/$$/fd/[3-9]*; do readlink $fd; done"] };
    const told = { kind: "exited", stdout: `input${fileURLToPath(import.meta.url)}\n` };
    expect(await runner.run({ ...list, stdin: "input" })).toMatchObject(told);
    runner.startAhead?.(list);
    expect(await runner.run({ ...list, stdin: "input" })).toMatchObject(told);
  } finally {
    closeSync(inherited);
  }
});

test("bunRunner kills a tool with all it has started", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const script = 'sleep 60 & echo $! >"$0"; wait';
  const file = join(emptyFolder(), "pid");
  await runner.run({ file: "sh", argv: ["-c", script, file], timeoutMs: 300 });
  const pid = readFileSync(file, "utf8").trim();
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5000);
});

test("bunRunner answers of a tool that hangs when that is gone, and not even a zombie", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const file = join(emptyFolder(), "pid");
  await runner.run({
    file: "sh",
    argv: ["-c", 'echo $$ >"$0"; exec sleep 60', file],
    timeoutMs: 300,
  });
  expect(existsSync(`/proc/${readFileSync(file, "utf8").trim()}`)).toBe(false);
});

test("bunRunner tells what a tool that hangs has said", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const script = "echo waiting for the lock >&2; exec sleep 60";
  expect(await runner.run({ file: "sh", argv: ["-c", script], timeoutMs: 1000 })).toMatchObject({
    kind: "timedOut",
    stderr: "waiting for the lock\n",
  });
});

test("bunRunner ends a tool that would fill the memory with its output", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const result = await runner.run({ file: "sh", argv: ["-c", "exec yes >&2"] });
  expect(result).toMatchObject({ kind: "signalled", signal: "SIGXFSZ" });
  expect("stderr" in result && result.stderr.length).toBe(64 * 1024 * 1024);
});

test("and one that is a script with what it has started, from the first byte on", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  for (let round = 0; round < 5; round += 1) {
    const result = await runner.run({ file: "sh", argv: ["-c", "yes | head -c 65M >&2"] });
    expect("stderr" in result && result.stderr.length).toBe(64 * 1024 * 1024);
  }
}, 60_000);

test("bunRunner's end leaves nothing running", async () => {
  const runner = bunRunner({ env, budgetMs: 30_000 });
  const file = join(emptyFolder(), "pid");
  const running = runner.run({ file: "sh", argv: ["-c", 'echo $$ >"$0"; exec sleep 60', file] });
  const pid = await vi.waitFor(() => {
    const text = readFileSync(file, "utf8").trim();
    expect(text).not.toBe("");
    return text;
  }, 5000);
  expect(await runner.end()).toBe(false);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect(await running).toMatchObject({ kind: "signalled" });
});

describe("bunRunner starts a tool ahead", () => {
  const counted = 'echo x >>"$0"; exec cat';
  const tool = () => {
    const file = join(emptyFolder(), "starts");
    return { file: "sh", argv: ["-c", counted, file], starts: () => readFileSync(file, "utf8").length / 2 };
  };
  const runnerOf = () => {
    const runner = bunRunner({ env, budgetMs: 30_000 });
    return { ...runner, ahead: (one: Tool) => runner.startAhead?.({ file: one.file, argv: one.argv }) };
  };

  test("and gives it the input of the next command, once", async () => {
    const [runner, { file, argv, starts }] = [runnerOf(), tool()];
    runner.ahead({ file, argv });
    runner.ahead({ file, argv });
    await vi.waitFor(() => expect(starts()).toBe(1), 5000);
    expect(await runner.run({ file, argv, stdin: "one" })).toMatchObject({ exitCode: 0, stdout: "one" });
    expect(starts()).toBe(1);
    expect(await runner.run({ file, argv, stdin: "two" })).toMatchObject({ exitCode: 0, stdout: "two" });
    expect(starts()).toBe(2);
  });

  test("for no other arguments", async () => {
    const [runner, { file, argv }] = [runnerOf(), tool()];
    runner.ahead({ file, argv });
    expect(await runner.run({ file, argv: ["-c", "echo other"], stdin: "x" })).toMatchObject({
      stdout: "other\n",
    });
  });

  test("whatever the size of the input", async () => {
    const [runner, { file, argv }] = [runnerOf(), tool()];
    for (const size of [65_536, 65_537, 20_000_000]) {
      runner.ahead({ file, argv });
      const stdin = "a".repeat(size);
      const result = await runner.run({ file, argv, stdin });
      expect(result.kind === "exited" && result.stdout === stdin).toBe(true);
    }
  });

  test("and without an input it is told of the end of it", async () => {
    const [runner, { file, argv }] = [runnerOf(), tool()];
    runner.ahead({ file, argv });
    expect(await runner.run({ file, argv })).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("whose end before any input is its own", async () => {
    const runner = runnerOf();
    const dead = { file: "sh", argv: ["-c", "exec <&-; echo no >&2; exit 7"] };
    runner.ahead(dead);
    const marker = { file: "sh", argv: ["-c", "exit 0"] };
    await runner.run(marker);
    const stdin = "x".repeat(60_000);
    expect(await runner.run({ ...dead, stdin })).toMatchObject({
      kind: "exited",
      exitCode: 7,
      stderr: "no\n",
    });
  });

  test("that is missing: the command is told so", async () => {
    const runner = bunRunner({ env: { PATH: "/nowhere" }, budgetMs: 30_000 });
    const missing = { file: "no-such-tool", argv: [] };
    runner.startAhead?.(missing);
    expect(await runner.run({ ...missing, stdin: "x" })).toEqual({ kind: "notFound", path: "/nowhere" });
  });

  test("that hangs: it is killed in its time", async () => {
    const runner = runnerOf();
    const hanging = { file: "sleep", argv: ["60"] };
    runner.ahead(hanging);
    expect(await runner.run({ ...hanging, stdin: "x", timeoutMs: 100 })).toMatchObject({ kind: "timedOut" });
  });

  test("and kills it when it is told to stop", async () => {
    // In a process of its own, which is the one that gets the signal.
    const file = join(emptyFolder(), "pid");
    const script = `
      const { existsSync } = await import("node:fs");
      const { bunRunner } = await import(${JSON.stringify(join(import.meta.dirname, "bun-runner.ts"))});
      const runner = bunRunner({ env: process.env, budgetMs: 30_000, stopsOn: ["SIGTERM"] });
      const tool = { file: "sh", argv: ["-c", 'echo $$ >"$0"; exec sleep 60', ${JSON.stringify(file)}] };
      runner.startAhead(tool);
      while (!existsSync(${JSON.stringify(file)})) await new Promise(setImmediate);
      const told = new Promise((resolve) => process.on("SIGTERM", resolve));
      process.kill(process.pid, "SIGTERM");
      await told;
      const stopped = await runner.run({ ...tool, stdin: "x" });
      runner.turnBack();
      const back = await runner.run({ ...tool, argv: ["-c", "exit 0", tool.argv[2]] });
      console.log(JSON.stringify([stopped.kind, back.kind]));
      process.exit(0);`;
    const { stdout } = await execaRunner()
      .run({ file: process.execPath, argv: ["-e", script] })
      .then((result) => ("stdout" in result ? result : { stdout: "" }));
    expect(JSON.parse(stdout)).toEqual(["stopped", "exited"]);
    expect(isAlive(readFileSync(file, "utf8").trim())).toBe(false);
  });
});

test("bunRunner's way back is not stopped by a second signal", async () => {
  // In a process of its own, which is the one that gets the signals.
  const script = `
    const { bunRunner } = await import(${JSON.stringify(join(import.meta.dirname, "bun-runner.ts"))});
    const runner = bunRunner({ env: process.env, budgetMs: 30_000, stopsOn: ["SIGTERM", "SIGINT"] });
    const signalling = (signal, rest) => ({ file: "sh", argv: ["-c", "kill -" + signal + " $PPID; " + rest] });
    const first = await runner.run(signalling("TERM", "exec sleep 60"));
    runner.turnBack();
    const told = new Promise((resolve) => process.on("SIGINT", resolve));
    const back = await runner.run(signalling("INT", "echo done"));
    await told;
    const next = await runner.run({ file: "true", argv: [] });
    console.log(JSON.stringify([first.kind, back, next.kind]));
    process.exit(0);`;
  const result = await execaRunner({ env }).run({ file: process.execPath, argv: ["-e", script] });
  expect(JSON.parse("stdout" in result ? result.stdout : "")).toEqual([
    "stopped",
    { kind: "exited", exitCode: 0, stdout: "done\n", stderr: "" },
    "exited",
  ]);
});

test("bunRunner's end tells whether all tools have come to theirs", async () => {
  const endOf = async (line: string, timeoutMs: number) => {
    const runner = bunRunner({ env, budgetMs: 30_000 });
    await runner.run({ file: "sh", argv: ["-c", line], timeoutMs });
    return runner.end();
  };
  expect(await endOf("exit 1", 20_000)).toBe(true);
  expect(await endOf("exec sleep 60", 100)).toBe(false);
  expect(await endOf("kill -KILL $$", 20_000)).toBe(false);
});

test("bunRunner reads what tools print where no process may write to files", async () => {
  const script = `
    const { bunRunner } = await import(${JSON.stringify(join(import.meta.dirname, "bun-runner.ts"))});
    const runner = bunRunner({ env: process.env, budgetMs: 30_000 });
    console.log(JSON.stringify(await runner.run({ file: "sh", argv: ["-c", "cat; echo err >&2"], stdin: "out" })));
    process.exit(0);`;
  for (const ulimit of ["-f 0", "-Sf 0"]) {
    const argv = ["-c", `ulimit ${ulimit}; exec "$0" -e "$1" | cat`, process.execPath, script];
    const result = await execaRunner({ env }).run({ file: "sh", argv });
    expect(JSON.parse("stdout" in result ? result.stdout : "")).toEqual({
      kind: "exited",
      exitCode: 0,
      stdout: "out",
      stderr: "err\n",
    });
  }
});

test("bunRunner's end comes to its own where a tool cannot be waited for", async () => {
  // Somebody in the process ignores SIGCHLD: the kernel then keeps nobody's exit code.
  const script = `
    const { dlopen } = await import("bun:ffi");
    const { libcNames } = await import(${JSON.stringify(fileURLToPath(import.meta.resolve("@cni-chain/libc/bun")))});
    const { bunRunner } = await import(${JSON.stringify(join(import.meta.dirname, "bun-runner.ts"))});
    const runner = bunRunner({ env: process.env, budgetMs: 30_000 });
    for (const name of libcNames()) {
      try {
        dlopen(name, { signal: { args: ["i32", "ptr"], returns: "ptr" } }).symbols.signal(17, 1);
      } catch {
        // The other library, then.
      }
    }
    const said = await runner.run({ file: "true", argv: [] }).catch((error) => error.code);
    await runner.end();
    console.log(said);
    process.exit(0);`;
  const result = await execaRunner({ env }).run({ file: process.execPath, argv: ["-e", script] });
  expect(result).toMatchObject({ kind: "exited", exitCode: 0, stdout: "ECHILD\n" });
});

test("bunRunner does its work where the C library cannot be called", async () => {
  // In a process of its own: without machine code there is no bun:ffi.
  const script = `
    const { openedLibc } = await import(${JSON.stringify(fileURLToPath(import.meta.resolve("@cni-chain/libc/bun")))});
    const { bunRunner } = await import(${JSON.stringify(join(import.meta.dirname, "bun-runner.ts"))});
    const runner = bunRunner({ env: process.env, budgetMs: 30_000 });
    const tool = { file: "sh", argv: ["-c", "cat; echo err >&2; exit 3"] };
    runner.startAhead(tool);
    const result = await runner.run({ ...tool, stdin: "out" });
    console.log(JSON.stringify([openedLibc() === undefined, result]));
    process.exit(0);`;
  const result = await execaRunner({ env: { ...env, BUN_JSC_useJIT: "0" } }).run({
    file: process.execPath,
    argv: ["-e", script],
  });
  expect(JSON.parse("stdout" in result ? result.stdout : "")).toEqual([
    true,
    { kind: "exited", exitCode: 3, stdout: "out", stderr: "err\n" },
  ]);
});

/** Not so where there is none, or where nobody has asked yet how it ended. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
