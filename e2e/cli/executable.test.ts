import { expect, test } from "vitest";
import { Operator } from "./operator.ts";

test.each([
  ["BUN_BE_BUN", "1"],
  ["BUN_OPTIONS", "--preload=/run/evil.js"],
  ["BUN_INSPECT_PRELOAD", "/run/evil.js"],
])("%s=%s does not make the executable run something else", async (name, value) => {
  await using operator = await Operator.start();
  const { node } = operator;
  await node.run(["sh", "-c", `echo 'console.log("evil")' >/run/evil.js`]);
  const { exitCode, stdout } = await node.try(operator.commandLine("version"), {
    env: { ...node.env, [name]: value },
  });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^cni-chain \d/);
});
