import { describe, expect, it, test } from "vitest";
import { conf, failure, run } from "../test/in-memory.ts";
import { CniError } from "./cni-error.ts";
import type { Result } from "./result.ts";

describe("an error", () => {
  test.each<[string, unknown, Record<string, string>, object]>([
    ["an unknown command", conf, { CNI_COMMAND: "UPDATE" }, { cniVersion: "1.1.0", code: 4 }],
    ["a bad environment", conf, { CNI_IFNAME: ".." }, { cniVersion: "1.1.0", code: 4 }],
    ["no stdin", "", {}, { cniVersion: "1.1.0", code: 6, msg: "standard input is empty: expected JSON" }],
    ["no JSON", '{"cniVersion":"1.0.0"', {}, { cniVersion: "1.1.0", code: 6 }],
    ["an array", [], {}, { cniVersion: "1.1.0", code: 6 }],
    ["a version nobody knows", { ...conf, cniVersion: "9.0.0" }, {}, { cniVersion: "1.1.0", code: 1 }],
    ["no name", { cniVersion: "0.4.0" }, {}, { cniVersion: "0.4.0", code: 7 }],
  ])("of %s", async (_, stdin, variables, expected) => {
    expect(await failure("ADD", stdin, { env: variables })).toMatchObject(expected);
  });

  const toolError = (failure: string) =>
    Object.assign(new Error("iptables: exit code 4"), { failure, details: "command: …" });
  test.each([
    [new CniError(11, "later", "details\nin lines"), 11, "later", "details\nin lines"],
    [toolError("toolMissing"), 50, "iptables: exit code 4", "command: …"],
    [toolError("timedOut"), 11, "iptables: exit code 4", "command: …"],
    [toolError("tryAgain"), 11, "iptables: exit code 4", "command: …"],
    [toolError("noContainer"), 3, "iptables: exit code 4", "command: …"],
    [toolError("failed"), 100, "iptables: exit code 4", "command: …"],
    [toolError("toString"), 999, "iptables: exit code 4", ""],
    [new TypeError("x is undefined"), 999, "x is undefined", ""],
    ["thrown text", 999, "thrown text", ""],
    [new CniError(7, "no such\nnetwork"), 7, "no such network", ""],
    [Object.assign(new Error("EIO: read"), { errno: 5, code: "EIO" }), 5, "EIO: read", ""],
  ])("thrown by the plugin: %s", async (thrown, code, msg, details) => {
    const add = async () => {
      throw thrown;
    };
    expect(await failure("ADD", conf, { plugin: { add } })).toEqual({
      cniVersion: "1.0.0",
      code,
      msg,
      details,
    });
  });

  it("nobody awaited becomes the one document", async () => {
    const { promise: fault, reject } = Promise.withResolvers<never>();
    const add = () => {
      reject(new Error("lost"));
      return new Promise<Result>(() => {});
    };
    expect(await failure("ADD", conf, { plugin: { add }, io: { fault } })).toMatchObject({
      code: 999,
      msg: "lost",
    });
  });

  it("in writing ends in exit code 1, without a second try", async () => {
    let tries = 0;
    const writeStdout = () => {
      tries += 1;
      throw new Error("EPIPE");
    };
    expect((await run("ADD", conf, { io: { writeStdout } })).exitCode).toBe(1);
    expect(tries).toBe(1);
  });
});
