import { describe, expect, test } from "vitest";
import { CommandError, runToSuccess } from "./command-error.ts";
import { scriptedRunner } from "./fake-runner.ts";

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

  test("of what is too long, the middle is left out", () => {
    const stderr = `first\n${"x".repeat(1_000_000)} last\n`;
    const error = new CommandError(command, { kind: "exited", exitCode: 1, stdout: "", stderr });
    expect(error.message.length).toBeLessThan(1000);
    expect(error.message).toMatch(/^tc: exit code 1: x.* characters left out .* last$/);
    expect(error.details.length).toBeLessThan(20_000);
    expect(error.details).toMatch(/^stderr: first\nx+ … 984011 characters left out … x+ last$/m);
  });

  test("explains the signal of a limit", () => {
    const result = { kind: "signalled", signal: "SIGXFSZ", stdout: "", stderr: "" } as const;
    expect(new CommandError(command, result).message).toBe("tc: ended by SIGXFSZ, because it wrote too much");
  });

  test("shows the answer of a tool that takes it for a good one", () => {
    const result = { kind: "exited", exitCode: 0, stdout: "rubbish\n", stderr: "" } as const;
    const error = new CommandError(command, result);
    expect(error.message).toBe("tc: exit code 0, but no answer that can be used");
    expect(error.details).toContain("\nstdout: rubbish\n");
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
