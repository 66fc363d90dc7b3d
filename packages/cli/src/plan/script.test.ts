import { expect, test } from "vitest";
import { shellScript } from "./script.ts";

test("a script runs every command with its input, whatever the input holds", async () => {
  const stdin = "first 'quoted' $HOME `x` \\\nEND\nlast";
  const commands = [
    { file: "cat", argv: [], stdin },
    { file: "printf", argv: ["%s\n", "it's $HOME"] },
  ];
  const child = Bun.spawnSync(["sh", "-s"], {
    stdin: new TextEncoder().encode(shellScript(commands, "two\nlines")),
  });
  expect(child.stdout.toString()).toBe(`${stdin}\nit's $HOME\n`);
});

test("a sysctl is written without any tool", () => {
  const command = { file: "tee", argv: ["/proc/sys/net/ipv4/conf/eth0.1/route_localnet"], stdin: "1\n" };
  expect(shellScript([command], "")).toContain(
    "cat >/proc/sys/net/ipv4/conf/eth0.1/route_localnet <<'END'\n1\nEND\n",
  );
});

test("a script ends at the first command that fails", () => {
  const commands = [
    { file: "false", argv: [] },
    { file: "echo", argv: ["after"] },
  ];
  const child = Bun.spawnSync(["sh", "-s"], { stdin: new TextEncoder().encode(shellScript(commands, "x")) });
  expect([child.exitCode, child.stdout.toString()]).toEqual([1, ""]);
});
