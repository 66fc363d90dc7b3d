import { execa } from "execa";
import { describe, expect, it, test } from "vitest";

const fixture = new URL("fixture-plugin.ts", import.meta.url).pathname;

function start(act: string, env: Record<string, string> = {}, file = process.execPath, argv = [fixture]) {
  return execa(file, argv, {
    input: JSON.stringify({ name: "net", cniVersion: "1.0.0" }),
    env: {
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/nowhere",
      CNI_IFNAME: "eth0",
      CNI_PATH: "/opt/cni/bin",
      TEST_ACT: act,
      ...env,
    },
    reject: false,
    maxBuffer: 10_000_000,
  });
}

function inShell(act: string, script: string) {
  return start(act, { BUN: process.execPath, FIXTURE: fixture }, "bash", ["-c", script]);
}

describe("a process", () => {
  test.each([
    ["reject", "nobody awaits me"],
    ["throw", "nobody catches me"],
  ])("whose plugin does %s prints one error document", async (act, msg) => {
    const { exitCode, stdout } = await start(act);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ cniVersion: "1.0.0", code: 999, msg, details: "" });
  });

  it("refuses its own network namespace", async () => {
    const { exitCode, stdout } = await start("", { CNI_NETNS: "/proc/self/ns/net" });
    expect([exitCode, JSON.parse(stdout).code]).toEqual([1, 8]);
  });

  it("writes a large document whole", async () => {
    const { exitCode, stdout } = await start("large");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).large).toHaveLength(4_000_000);
  });

  it("writes it whole into a non-blocking pipe that is full", async () => {
    // The reader makes the pipe non-blocking for both, and reads only once the plugin has filled it.
    const reader = `import fcntl, os, sys
fcntl.fcntl(1, fcntl.F_SETFL, fcntl.fcntl(1, fcntl.F_GETFL) | os.O_NONBLOCK)
os.execv(sys.argv[1], sys.argv[1:])`;
    const script = `python3 -c '${reader}' "$BUN" "$FIXTURE" | (read -rN 10 start; printf %s "$start"; exec cat); echo "\${PIPESTATUS[0]}"`;
    const { stdout } = await inShell("large", script);
    const [document = "", exitCode] = stdout.split("\n");
    expect(JSON.parse(document).large).toHaveLength(4_000_000);
    expect(exitCode).toBe("0");
  });

  it("ends quietly when nobody reads", async () => {
    const script = `"$BUN" "$FIXTURE" | true; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await inShell("large", script);
    expect(stdout).toBe("1");
    expect(stderr).toBe("");
  });

  it("fails when the document cannot be stored", async () => {
    const { stdout } = await inShell("", `"$BUN" "$FIXTURE" > /dev/full; echo $?`);
    expect(stdout).toBe("1");
  });
});
