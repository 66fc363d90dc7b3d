import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { onTerminal, runTool, tool } from "./run-tool.ts";

const good = `{ "cniVersion": "1.0.0", "name": "good", "plugins": [
  { "type": "bridge" },
  { "type": "portmap", "capabilities": { "portMappings": true } }
] }
`;
const bad = `{
  "cniVersion": "1.0.0",
  "name": "bad",
  "plugins": [
    { "type": "bridge" },
    { "type": "portmap", "snatt": true, "capabilities": { "portmappings": true } }
  ]
}
`;

let directory: string;
const at = (name: string) => join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cni-chain-validate-"));
  writeFileSync(at("10-good.conflist"), good);
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a good file: exit code 0, and what is in it", async () => {
  const { exitCode, stdout, stderr } = await runTool(["validate", at("10-good.conflist")]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toBe(`${at("10-good.conflist")}: ok (good: bridge → portmap, CNI 1.0.0)\n`);
});

test("a directory, as a runtime loads it: every configuration in its order, nothing else, and names that are taken", async () => {
  writeFileSync(at("20-bad.conflist"), bad);
  writeFileSync(at("30-twin.conf"), good);
  writeFileSync(at("40-broken.json"), '{ "name": "x",\n }');
  writeFileSync(at("README.md"), "no configuration");
  writeFileSync(at(".10-good.conflist.cni-chain-original"), "none either");
  mkdirSync(at("50.conflist"));
  const { exitCode, stdout } = await runTool(["validate", directory]);
  expect(exitCode).toBe(1);
  expect(stdout.split("\n")).toEqual([
    `${at("10-good.conflist")}: ok (good: bridge → portmap, CNI 1.0.0)`,
    `${at("20-bad.conflist")}:6:26: warning: plugins[1].snatt: unknown field, portmap passes over it; did you mean "snat"?`,
    `${at("20-bad.conflist")}:6:59: error: plugins[1].capabilities.portmappings: no runtime has this capability; did you mean "portMappings"?`,
    `${at("30-twin.conf")}:1:34: warning: name: 10-good.conflist has a network of that name, too`,
    `${at("40-broken.json")}:2:2: error: trailing comma before "}"; take it out`,
    "2 errors, 2 warnings",
    "",
  ]);
});

test("a list whose plugins stand in a folder of its name", async () => {
  const list = '{ "cniVersion": "1.0.0", "name": "foldered" }';
  writeFileSync(at("60-foldered.conflist"), list);
  expect((await runTool(["validate", at("60-foldered.conflist")])).stdout).toContain("plugins: missing");
  mkdirSync(at("foldered"));
  writeFileSync(at("foldered/10-bridge.conf"), '{ "type": "bridge" }');
  expect((await runTool(["validate", at("60-foldered.conflist")])).exitCode).toBe(0);
});

test("--json: one document", async () => {
  writeFileSync(at("20-bad.conflist"), bad);
  const { exitCode, stdout } = await runTool(["validate", directory, at("none"), "--json"]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    errors: 2,
    warnings: 1,
    files: [
      {
        file: at("10-good.conflist"),
        network: "good",
        cniVersion: "1.0.0",
        plugins: ["bridge", "portmap"],
        unreadable: null,
        problems: [],
      },
      {
        file: at("20-bad.conflist"),
        network: "bad",
        cniVersion: "1.0.0",
        plugins: ["bridge", "portmap"],
        unreadable: null,
        problems: [
          {
            severity: "warning",
            line: 6,
            column: 26,
            path: "plugins[1].snatt",
            message: "unknown field, portmap passes over it",
            suggestion: "snat",
          },
          {
            severity: "error",
            line: 6,
            column: 59,
            path: "plugins[1].capabilities.portmappings",
            message: "no runtime has this capability",
            suggestion: "portMappings",
          },
        ],
      },
      {
        file: at("none"),
        network: null,
        cniVersion: null,
        plugins: [],
        unreadable: expect.stringContaining("no such file"),
        problems: [],
      },
    ],
  });
});

test("standard input, and warnings that count with --strict", async () => {
  const text = good.replace('"capabilities"', '"snatt": 1, "capabilities"');
  const lenient = await runTool(["validate", "/dev/stdin"], { stdin: text });
  expect(lenient.stdout).toContain("/dev/stdin:3:24: warning: plugins[1].snatt");
  expect(lenient.exitCode).toBe(0);
  expect((await runTool(["validate", "/dev/stdin", "--strict"], { stdin: text })).exitCode).toBe(1);
});

test("on a terminal a caret stands below the place, also in a long line, and control characters do nothing", async () => {
  writeFileSync(at("20-bad.conflist"), bad);
  const shown = (
    await onTerminal(`${tool} validate ${at("20-bad.conflist")}`, { NO_COLOR: "1" })
  ).stdout.split("\r\n");
  const line = shown.find((one) => one.startsWith("    6 | ")) ?? "";
  const caret = shown[shown.indexOf(line) + 1] ?? "";
  expect(line.slice(caret.indexOf("^"))).toMatch(/^"snatt"/);

  const hostile = "\u001b]0;title\u0007";
  const long = JSON.stringify({
    cniVersion: "1.0.0",
    name: "n",
    x: `${hostile}${"x".repeat(500)}`,
    plugins: [{ type: "portmap" }],
  });
  writeFileSync(at("30-long.conflist"), long.replace("\\u001b", "\u001b"));
  const cut = (
    await onTerminal(`stty cols 80; ${tool} validate ${at("30-long.conflist")}`, { NO_COLOR: "1" })
  ).stdout;
  expect(cut).toContain("^");
  expect(cut).not.toContain("\u001b");
  for (const one of cut.split("\r\n").filter((text) => text.includes(" | ")))
    expect(one.length).toBeLessThanOrEqual(80);
});
