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
