import { describe, expect, test } from "vitest";
import { scriptedRunner } from "./fake-runner.ts";

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
