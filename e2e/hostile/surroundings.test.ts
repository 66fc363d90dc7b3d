import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { plugin } from "../lib/plugins.ts";
import { exec } from "../lib/process.ts";
import { searchPath, toolPath } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import { addEnv as env } from "./lib/add-env.ts";
import { traced } from "./lib/traced.ts";

// Root's process in a directory, an environment and with descriptors somebody else had a hand in: it runs no code but its
// own, writes no file, opens no connection, and answers as ever.

const types = ["portmap", "bandwidth", "loopback"] as const;
let root: string;
let directory: string;
const canary = () => existsSync(join(root, "canary"));

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "hostile-"));
  directory = join(root, "trap");
  const script = `require("node:fs").writeFileSync(${JSON.stringify(join(root, "canary"))}, "");`;
  const shell = `#!/bin/sh\n: >${join(root, "canary")}\n`;
  const packages = [
    "@cni-chain/core",
    "@cni-chain/exec",
    "@cni-chain/libc",
    "bun",
    "bun:ffi",
    "node:fs",
    "fs",
    "process",
  ];
  const files: Record<string, string> = {
    ".env": "CNI_COMMAND=DEL\nBUN_OPTIONS=--preload=./evil.js\n",
    ".env.local": "CNI_COMMAND=DEL\n",
    ".env.production": "CNI_COMMAND=DEL\n",
    "bunfig.toml": 'preload = ["./evil.js"]\n[run]\nbun = true\n',
    ".bunfig.toml": 'preload = ["./evil.js"]\n',
    "package.json": '{"type":"commonjs","imports":{"#sha512":"./evil.js"},"main":"./evil.js"}',
    "tsconfig.json": '{"compilerOptions":{"paths":{"*":["./evil.js"]}}}',
    "evil.js": script,
    ...Object.fromEntries(packages.map((name) => [`node_modules/${name}/index.js`, script])),
    ...Object.fromEntries(
      ["iptables-restore", "ip6tables-restore", "ip", "tc", "nft", "conntrack"].map((name) => [name, shell]),
    ),
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, 0o755);
  }
});
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => rmSync(join(root, "canary"), { force: true }));

const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] };
const call = (type: string, more: object = {}) =>
  JSON.stringify({ cniVersion: "1.0.0", name: "net", type, prevResult, ...more });
/** The dynamic loader's own, which root's environment decides: SECURITY.md. */
const loaders = new Set(["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"]);

/** Everything in an executable that could be the name of a variable, also where several stand together. */
function namesIn(binary: string): string[] {
  const text = readFileSync(binary, "latin1");
  const names = new Set<string>();
  for (const [run] of text.matchAll(/[A-Z][A-Z0-9_]{2,400}/g)) {
    for (const name of [run, ...run.split(/(?=(?:BUN|NODE|JSC|NPM|LD|UV)_)/)])
      if (name.length <= 60) names.add(name);
  }
  for (const [, option = ""] of text.matchAll(/JSC_([a-z][A-Za-z0-9]+)\0/g))
    names.add(`BUN_JSC_${option}`).add(`JSC_${option}`);
  // What the build has taken out is no longer to be found.
  const taken = [
    "BE_BUN",
    "OPTIONS",
    "INSPECT",
    "INSPECT_PRELOAD",
    "INSPECT_CONNECT_TO",
    "INSPECT_NOTIFY",
    "JSC_none",
  ];
  const more = [
    "BYTECODE_DIGEST_OUT",
    "BYTECODE_ORDER_OUT",
    "BYTECODE_ORDER_NAMES_OUT",
    "FEATURE_FLAG_NO_ORPHANS",
  ];
  for (const name of [...taken, ...more, "CRASH_REPORT_URL", "ENABLE_CRASH_REPORTING"])
    names.add(`BUN_${name}`);
  for (const name of ["NODE_CHANNEL_FD", "NODE_OPTIONS", "SIMDUTF_FORCE_IMPLEMENTATION", "JSC_SIGNAL_FOR_GC"])
    names.add(name);
  return [...names].filter((name) => !name.startsWith("CNI_") && !loaders.has(name)).sort();
}

test("no variable that is named in the executable has a say", {
  timeout: patience(120_000, 1_200_000),
}, async ({ task }) => {
  const names = namesIn(plugin("portmap"));
  expect(names.length).toBeGreaterThan(10_000);
  const evil = join(directory, "evil.js");
  const values = [
    "1",
    evil,
    `--preload=${evil}`,
    `${directory}/`,
    `ws+unix://${directory}/socket`,
    "127.0.0.1:9229",
  ];
  const stdin = call("portmap");
  const flaws = async (variables: Readonly<Record<string, string>>) => {
    const { exitCode, stdout, stderr, suspicious } = await traced({
      binary: plugin("portmap"),
      env: { ...variables, ...env },
      stdin,
      directory,
    });
    const answers =
      exitCode === 0 &&
      stderr === "" &&
      stdout.startsWith('{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]}');
    return answers && !canary() ? suspicious : [`exit code ${exitCode}: ${stdout}${stderr}`, ...suspicious];
  };
  const lost: string[] = [];
  const search = async (some: readonly string[], value: string): Promise<void> => {
    const found = await flaws(Object.fromEntries(some.map((name) => [name, value])));
    if (found.length === 0 || lost.length > 20) return;
    if (some.length === 1) lost.push(`${some[0]}=${value}: ${found.slice(0, 3).join("; ")}`);
    else
      for (const half of [some.slice(0, some.length / 2), some.slice(some.length / 2)])
        await search(half, value);
  };
  expect(await flaws({})).toEqual([]);
  const tried = values.slice(0, rounds(2, values.length));
  for (const value of tried)
    for (let at = 0; at < names.length; at += 1000) await search(names.slice(at, at + 1000), value);
  noteTried(task, {
    what: "environment variables with a hostile value",
    times: names.length * tried.length,
    lost: lost.length,
  });
  expect(lost).toEqual([]);
  expect(readdirSync(directory).filter((file) => file === "1")).toEqual([]);
});

test.each(types)("%s looks at nothing in the directory it is started in", async (type) => {
  const { exitCode, suspicious } = await traced({
    binary: plugin(type),
    env: { CNI_COMMAND: "VERSION" },
    stdin: call(type),
    directory,
  });
  expect({ exitCode, suspicious, canary: canary() }).toEqual({ exitCode: 0, suspicious: [], canary: false });
});

test("nor does the operator's tool", async () => {
  const { exitCode, suspicious } = await traced({
    binary: plugin("cni-chain"),
    env: { LC_ALL: "../..", LANG: `../${directory}` },
    stdin: "",
    directory,
  });
  expect({ exitCode, suspicious, canary: canary() }).toEqual({ exitCode: 2, suspicious: [], canary: false });
});

test.each([
  ["where package.json is a pipe that nobody writes to", "mkfifo package.json"],
  ["that is gone", "rmdir $PWD"],
])("the operator's tool answers in a directory %s", async (_, trap) => {
  const line = `d=$(mktemp -d); cd $d; ${trap}; timeout -s KILL 10 ${plugin("cni-chain")} version; code=$?; rm -rf $d; exit $code`;
  const { exitCode, stdout, stderr } = await exec(["bash", "-c", line], { env: { PATH: searchPath } });
  expect({ exitCode, stderr, stdout }).toEqual({
    exitCode: 0,
    stderr: "",
    stdout: expect.stringContaining("cni-chain"),
  });
});

test.each([".", "", ":", "./", ":/nonexistent", "../trap:/nonexistent"])(
  "a PATH of %j does not lead into that directory",
  async (path) => {
    const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];
    const argv = [
      toolPath("unshare"),
      "--net",
      "--mount",
      toolPath("env"),
      "-C",
      directory,
      `PATH=${path}`,
      plugin("portmap"),
    ];
    const { exitCode, stdout } = await exec(argv, {
      env,
      stdin: call("portmap", { runtimeConfig: { portMappings } }),
    });
    expect({ exitCode, canary: canary() }).toEqual({ exitCode: 1, canary: false });
    expect(JSON.parse(stdout)).toMatchObject({
      code: 50,
      msg: expect.stringContaining("no such executable on PATH"),
    });
  },
);

test("a standard input that says it has nothing yet is waited for", async () => {
  const line = '{ sleep 0.3; cat; } | { dd iflag=nonblock count=0 status=none; exec "$0"; }';
  const { exitCode, stdout } = await exec(["bash", "-c", line, plugin("portmap")], {
    env: { PATH: searchPath, ...env },
    stdin: call("portmap"),
  });
  expect({ exitCode, result: JSON.parse(stdout) }).toEqual({ exitCode: 0, result: prevResult });
});

describe("of how its tools end", () => {
  const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];
  const add = (...around: readonly string[]) =>
    exec([toolPath("unshare"), "--net", "--mount", ...around, plugin("portmap")], {
      env: { PATH: searchPath, ...env },
      stdin: call("portmap", { runtimeConfig: { portMappings } }),
    });

  test("it is told where whoever started it ignores SIGCHLD", async () => {
    const { exitCode, stdout } = await add(toolPath("env"), "--ignore-signal=CHLD");
    expect({ exitCode, result: JSON.parse(stdout) }).toEqual({ exitCode: 0, result: prevResult });
  });

  test("it is not told: that is no success", async () => {
    const trace = ["-f", "-qq", "-o", join(root, "waits"), "-e", "trace=wait4"];
    const { exitCode, stdout } = await add(toolPath("strace"), ...trace, "-e", "inject=wait4:error=ECHILD");
    expect({ exitCode, error: JSON.parse(stdout) }).toMatchObject({ exitCode: 1, error: { code: 5 } });
  });
});

describe.each(types)("%s", (type) => {
  const version = '{"cniVersion":"1.0.0"}';
  /** In a shell, which has the last word on descriptors and limits; the plugin is `"$0"`. */
  const shell = (line: string, more: Readonly<Record<string, string>> = { CNI_COMMAND: "VERSION" }) =>
    exec([toolPath("unshare"), "--net", "--mount", "bash", "-c", line, plugin(type)], {
      env: { PATH: searchPath, ...more },
      stdin: version,
    });

  test.each([
    ["a closed standard error", '"$0" 2>&-'],
    ["a full standard error", '"$0" 2>/dev/full'],
    ["a closed standard input", '"$0" <&-'],
    [
      "a standard input that nobody ends",
      'd=$(mktemp -d); mkfifo $d/pipe; timeout -s KILL 20 "$0" 0<>$d/pipe; code=$?; rm -rf $d; exit $code',
    ],
    ["umask 0777", 'umask 0777; exec "$0"'],
    ["16 descriptors", 'ulimit -n 16; exec "$0"'],
    ["no file it may write", 'ulimit -f 0; "$0" | cat'],
    ["no process it may start", 'ulimit -u 1; exec "$0"'],
    ["a directory that is gone", 'd=$(mktemp -d); cd $d; rmdir $d; exec "$0"'],
    ["no HOME, no PATH", 'exec env -u HOME -u PATH "$0"'],
    [
      "nothing in /tmp and /run",
      'for d in /tmp /run; do [[ $0 = $d/* ]] || mount -t tmpfs none $d; done; exec "$0"',
    ],
    ["nothing in /dev", 'mount -t tmpfs none /dev; exec "$0"'],
    [
      "a root that cannot be written",
      'mount -o remount,bind,ro / 2>/dev/null || mount --bind -o ro / /; exec "$0"',
    ],
  ])("answers with %s", async (_, line) => {
    const { exitCode, stdout } = await shell(line);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty("supportedVersions");
  });

  test.each([
    ["is full", '"$0" >/dev/full'],
    ["nobody reads", '{ sleep 0.3; "$0"; echo $? >&2; } | true'],
  ])("a standard output that %s is no success", async (_, line) => {
    const { exitCode, stderr } = await shell(line);
    expect(line.includes("|") ? Number(stderr) : exitCode).toBe(1);
  });

  test("a standard output that is closed takes nothing else's place", async () => {
    const { exitCode, stderr } = await shell(
      'strace -f -qq -s 200 -e trace=write,sendto "$0" >&- 2>"$TRACE"; code=$?; grep -c supportedVersions "$TRACE" >&2; exit $code',
      {
        CNI_COMMAND: "VERSION",
        TRACE: join(root, "writes"),
      },
    );
    expect({ exitCode, written: Number(stderr) }).toEqual({ exitCode: 0, written: 1 });
    expect(readFileSync(join(root, "writes"), "utf8")).toMatch(/write\(1, "\{/);
  });

  test.each([
    ["a directory", '"$0" </', "EISDIR"],
    ["nothing that can be read", '"$0" 0>/dev/null', "EBADF"],
  ])("a standard input that is %s is an I/O failure", async (_, line, reason) => {
    const { exitCode, stdout } = await shell(line, env);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ code: 5, msg: expect.stringContaining(reason) });
  });

  test.each([
    ["too little memory", 'ulimit -v 200000; "$0"'],
    ["no /proc", 'mount -t tmpfs none /proc; "$0"'],
  ])("with %s, the engine ends before anything is done", async (_, line) => {
    const { exitCode, stdout } = await shell(line, env);
    expect(exitCode).not.toBe(0);
    expect(stdout).toBe("");
  });
});
