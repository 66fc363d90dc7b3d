import { describe, expect, test } from "vitest";
import { PluginFailure, pluginAnswer } from "./plugin-failure.ts";

const exited = (exitCode: number, stdout: string, stderr = "") =>
  ({ kind: "exited", exitCode, stdout, stderr }) as const;
const failing = (result: Parameters<typeof pluginAnswer>[3]): PluginFailure => {
  try {
    pluginAnswer("portmap", "ADD", "/opt/cni/bin/portmap", result);
  } catch (error) {
    if (error instanceof PluginFailure) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

test("what a plugin prints", () => {
  expect(pluginAnswer("x", "DEL", "/x", exited(0, "\n"))).toBeUndefined();
  expect(pluginAnswer("x", "ADD", "/x", exited(0, '{"a":1}'))).toEqual({ a: 1 });
});

describe("a failure", () => {
  test("is told with plugin, command, code, message and details", () => {
    const document = { cniVersion: "1.0.0", code: 102, msg: "taken", details: "by c2\nof net\n" };
    const failure = failing(exited(1, JSON.stringify(document)));
    expect(failure.message).toBe("plugin portmap failed (ADD): error 102: taken");
    expect(failure.details).toEqual(["by c2", "of net"]);
    expect(failure).toMatchObject({ plugin: "portmap", document: { code: 102, msg: "taken" } });
  });

  test("cannot steer the terminal", () => {
    const failure = failing(exited(1, JSON.stringify({ code: 7, msg: "a\u001b[2Jb", details: "c\u0007d" })));
    expect([failure.message, ...failure.details].join("")).not.toMatch(/\p{Cc}/u);
  });

  test.each([
    [exited(2, "", "panic: nil\n"), "exit code 2, without a word in JSON: panic: nil"],
    [exited(1, "oops"), "exit code 1, without a word in JSON: oops"],
    [exited(0, "oops"), "it printed no JSON: oops"],
    [{ kind: "signalled", signal: "SIGKILL", stdout: "", stderr: "" } as const, "ended by SIGKILL"],
    [{ kind: "notStarted", reason: "ENOEXEC" } as const, "could not be started: ENOEXEC"],
  ])("%j", (result, message) => {
    expect(failing(result).message).toContain(message);
  });
});
