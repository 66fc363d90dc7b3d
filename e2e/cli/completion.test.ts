import { dirname } from "node:path";
import { expect, test } from "vitest";
import { exec } from "../lib/process.ts";
import { searchPath, toolPath } from "../lib/tools.ts";
import { runTool, tool } from "./run-tool.ts";

/** What bash offers for the last of the words, with the script sourced as a user has it. */
async function completed(...words: string[]): Promise<string[]> {
  const script = `
    source <(cni-chain completion bash) || exit 1
    # The function that bash itself would call for this command.
    function_of_tool=$(complete -p cni-chain | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    $function_of_tool cni-chain "\${COMP_WORDS[COMP_CWORD]}"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: `${dirname(tool)}:${searchPath}` };
  const { stdout, stderr, exitCode } = await exec([toolPath("bash"), "-c", script, "bash", ...words], {
    env,
  });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands", async () => {
  expect(await completed("cni-chain", "vali")).toEqual(["validate"]);
  expect(await completed("cni-chain", "")).toEqual(
    expect.arrayContaining(["add", "list", "install", "uninstall"]),
  );
});

test("bash completes a command's options", async () => {
  expect(await completed("cni-chain", "validate", "--st")).toEqual(["--strict"]);
  expect(await completed("cni-chain", "install", "--")).toEqual(
    expect.arrayContaining(["--bin-dir", "--from", "--conflist", "--append", "--dry-run", "--json"]),
  );
});

test("bash completes what a command's argument can be", async () => {
  expect(await completed("cni-chain", "completion", "b")).toEqual(["bash"]);
  expect(await completed("cni-chain", "install", "loop")).toEqual(["loopback"]);
});

test("bash falls back to file names where there is nothing to offer", async () => {
  expect(await completed("cni-chain", "validate", "/etc/cni")).toEqual([]);
  const { stdout } = await runTool(["completion", "bash"]);
  expect(stdout).toMatch(/^complete -o default /m);
});

test("it asks the tool as it was called, wherever that lies", async () => {
  expect(await completed(tool, "comple")).toEqual(["completion"]);
  for (const shell of ["bash", "zsh"]) {
    const { stdout, exitCode } = await runTool(["completion", shell]);
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain(dirname(tool));
    expect(stdout).not.toMatch(/\$0|bun|node|\/root|\/home/);
  }
});

test("the shell is the user's own where none is named", async () => {
  const shellIs = async (shell: string) =>
    (await runTool(["completion"], { env: { PATH: searchPath, SHELL: shell } })).stdout.split("\n")[0];
  expect(await shellIs("/usr/bin/zsh")).toBe("#compdef cni-chain");
  expect(await shellIs("/bin/bash")).toMatch(/^# bash completion/);
  expect(await shellIs("/bin/fish")).toMatch(/^# bash completion/);
});
