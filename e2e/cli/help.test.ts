import { beforeAll, describe, expect, test } from "vitest";
import { onTerminal, runTool, tool } from "./run-tool.ts";

const csi = "\u001b[";
const usage = "Usage: cni-chain COMMAND [options]";
let commands: string[] = [];

beforeAll(async () => {
  const { stdout } = await runTool(["--help"]);
  commands = [...stdout.matchAll(/^ {2}cni-chain ([\w-]+)/gm)].map(([, name = ""]) => name);
});

describe("--help", () => {
  test("lists the commands, on standard output, with exit code 0", async () => {
    const { exitCode, stdout, stderr } = await runTool(["--help"]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(usage);
    expect(stdout).toContain("Exit code 0:");
    expect(commands).toEqual(
      expect.arrayContaining(["list", "add", "validate", "install", "uninstall", "completion"]),
    );
  });

  test("of every command says how to call it, its options, and examples", async () => {
    expect(commands.length).toBeGreaterThan(9);
    for (const name of commands) {
      const { exitCode, stdout, stderr } = await runTool([name, "--help"]);
      expect({ name, exitCode, stderr }).toEqual({ name, exitCode: 0, stderr: "" });
      expect(stdout).toMatch(new RegExp(`^cni-chain ${name}\\b`));
      expect(stdout).toContain("--json");
      expect(stdout).toMatch(new RegExp(`^Examples:\n {2}cni-chain ${name}\\b`, "m"));
    }
  });
});

describe("a wrong command line is exit code 2, and says why", () => {
  test.each<[string, string[], RegExp]>([
    ["no command", [], /which command\?/],
    ["an unknown command", ["nonsense"], /nonsense/],
    ["nearly a command", ["validat"], /Did you mean validate\?/],
    ["an unknown option", ["validate", "--nonsense"], /Unknown argument: nonsense/],
    ["a word too many", ["uninstall", "more"], /Unknown argument: more/],
    ["none of the choices", ["completion", "fish"], /bash.*zsh/s],
    ["options that go together", ["install", "--append", "portmap"], /--conflist and --append go together/],
    [
      "what cannot be appended",
      ["install", "--conflist", "x", "--append", "bridge"],
      /only portmap and bandwidth/,
    ],
    ["nonsense with --json", ["validate", "--nonsense", "--json"], /Unknown argument: nonsense/],
  ])("%s", async (_what, argv, message) => {
    const { exitCode, stdout, stderr } = await runTool(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^cni-chain: /);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("--help");
  });
});

describe("what cannot be done is exit code 1", () => {
  test.each([[[]], [["--json"]]])("said on standard error, nothing on standard output %j", async (more) => {
    const { exitCode, stdout, stderr } = await runTool([
      "uninstall",
      "--bin-dir",
      "/nonexistent/bin",
      ...more,
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toBe(
      "cni-chain: no such directory: /nonexistent/bin\n  make it, or name the runtime's own with --bin-dir\n",
    );
  });
});

describe("colour", () => {
  const failing = `${tool} validate /nonexistent.conflist`;

  test("on a terminal", async () => {
    const { stdout, exitCode } = await onTerminal(failing);
    expect(stdout).toContain(`${csi}31merror${csi}39m`);
    expect(exitCode).toBe(1);
  });

  test.each<[string, Record<string, string>]>([
    ["NO_COLOR", { NO_COLOR: "1" }],
    ["a dumb terminal", { TERM: "dumb" }],
  ])("not with %s", async (_what, env) => {
    const { stdout } = await onTerminal(failing, env);
    expect(stdout).toContain("error");
    expect(stdout).not.toContain(csi);
  });

  test("not in a pipe", async () => {
    const { stdout } = await onTerminal(`${failing} | cat`);
    expect(stdout).toContain("error");
    expect(stdout).not.toContain(csi);
    const { stderr } = await runTool(["nonsense"]);
    expect(stderr).not.toContain(csi);
  });

  test("an error on a terminal is red, one beside a pipe is not", async () => {
    expect((await onTerminal(`${tool} nonsense`)).stdout).toContain(`${csi}31mcni-chain${csi}39m`);
    expect((await onTerminal(`${tool} nonsense 2>&1 | cat`)).stdout).not.toContain(csi);
  });
});

test("help fits the terminal", async () => {
  const { stdout } = await onTerminal(`stty cols 60; ${tool} install --help`);
  const lines = stdout.split(/\r?\n/);
  expect(lines.length).toBeGreaterThan(10);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
});

test("a reader that goes away ends it quietly", async () => {
  const { stdout } = await onTerminal(`${tool} --help | head -n 1; echo "[$?]"`);
  expect(stdout.trim().split(/\r?\n/)).toEqual([usage, "[0]"]);
});
