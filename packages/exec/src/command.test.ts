import { expect, test } from "vitest";
import { commandLine } from "./command.ts";

test("a command is printed as it would be typed", () => {
  expect(commandLine({ file: "ip", argv: ["link", "a b", "it's", ""] })).toBe(`ip link 'a b' 'it'\\''s' ''`);
});
