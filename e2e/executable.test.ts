import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { type Added, mapping, Stage } from "./lib/stage.ts";

const types = ["portmap", "bandwidth", "loopback"] as const;

describe.each(types)("the executable %s", (type) => {
  let stage: Stage;
  let web: Added;
  beforeAll(async () => {
    stage = await Stage.set({ chained: [] });
    web = await stage.add("web");
  });
  afterAll(() => stage.node.close());

  const version = () =>
    callPlugin(stage.node, {
      binary: plugin(type),
      env: { CNI_COMMAND: "VERSION" },
      stdin: { cniVersion: "1.1.0" },
    });

  test("tells the versions it speaks", async () => {
    const { exitCode, json } = await version();
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      cniVersion: "1.1.0",
      supportedVersions: expect.arrayContaining(["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]),
    });
  });

  test("called by hand, says on standard error what it is", async () => {
    const { exitCode, stdout, stderr } = await stage.node.try([plugin(type)]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "" });
    expect(stderr).toContain(`CNI ${type} plugin`);
    expect(stderr).toContain("1.1.0");
  });

  test.each(["GC", "STATUS"])("has nothing to do for %s, and says so by success", async (command) => {
    const answer = await callPlugin(stage.node, {
      binary: plugin(type),
      env: { CNI_COMMAND: command, CNI_PATH: plugins },
      stdin: { cniVersion: "1.1.0", name: "net", type, "cni.dev/valid-attachments": [] },
    });
    expect(answer).toMatchObject({ exitCode: 0, stdout: "" });
  });

  test("is not told what to do by files of the directory it is started in", async () => {
    const directory = (await stage.node.run(["mktemp", "-d", "/run/cwd.XXXXXX"])).trim();
    const files = [
      `echo CNI_COMMAND=DEL >${directory}/.env`,
      `echo 'preload = ["./evil.ts"]' >${directory}/bunfig.toml`,
      `echo 'console.log("evil")' >${directory}/evil.ts`,
      `cd ${directory}`,
      `exec ${plugin(type)}`,
    ];
    const { exitCode, stdout } = await stage.node.try(["sh", "-ec", files.join("\n")], {
      env: { ...stage.node.env, CNI_COMMAND: "VERSION" },
      stdin: '{"cniVersion":"1.0.0"}',
    });
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("evil");
    expect(JSON.parse(stdout)).toHaveProperty("supportedVersions");
  });

  test.each([
    ["BUN_BE_BUN", "1"],
    ["BUN_OPTIONS", "--preload=/run/evil.js"],
    ["BUN_INSPECT_PRELOAD", "/run/evil.js"],
    ["NODE_OPTIONS", "--require=/run/evil.js"],
  ])("stays itself under %s=%s", async (name, value) => {
    await stage.node.run(["sh", "-c", "echo 'console.log(\"evil\")' >/run/evil.js"]);
    const { exitCode, stdout } = await stage.node.try([plugin(type)], {
      env: { ...stage.node.env, CNI_COMMAND: "VERSION", [name]: value },
      stdin: '{"cniVersion":"1.0.0"}',
    });
    expect(exitCode).toBe(0);
    expect(stdout).not.toContain("evil");
    expect(JSON.parse(stdout)).toHaveProperty("supportedVersions");
  });

  test("needs nothing of the environment but CNI_COMMAND for VERSION", async () => {
    const { exitCode } = await stage.node.try([plugin(type)], {
      env: { CNI_COMMAND: "VERSION" },
      stdin: '{"cniVersion":"1.0.0"}',
    });
    expect(exitCode).toBe(0);
  });

  test("keeps the fields of a prevResult that it does not know", async () => {
    const prevResult = {
      ...web.result,
      ips: web.result.ips?.map((ip) => ({ ...ip, "org.example.lease": 9007199254740993n.toString() })),
      "org.example.unknown": { kept: true },
    };
    const answer = await callPlugin(stage.node, {
      binary: plugin(type),
      env: pluginEnv("ADD", web.attachment, plugins),
      stdin: {
        cniVersion: "1.1.0",
        name: "net",
        type,
        prevResult,
        runtimeConfig: { portMappings: [mapping(8080, 80)] },
      },
    });
    expect(answer.exitCode, answer.stdout).toBe(0);
    expect(answer.json).toEqual({ ...prevResult, cniVersion: "1.1.0" });
  });
});

test("portmap starts at most six processes for twenty ports in both families, and lists no whole table", async () => {
  await using stage = await Stage.set();
  await stage.add("other", { portMappings: [mapping(9000, 90)] });
  const web = await stage.add("web");
  const portMappings = Array.from({ length: 20 }, (_, index) => mapping(8000 + index, 80));
  const { exitCode, stdout } = await stage.node.try(
    ["strace", "-f", "-qq", "-e", "trace=execve", "-s", "300", "-o", "/run/trace", plugin("portmap")],
    {
      env: { ...stage.node.env, ...pluginEnv("ADD", web.attachment, plugins) },
      stdin: JSON.stringify({
        cniVersion: "1.1.0",
        name: "net",
        type: "portmap",
        prevResult: web.result,
        runtimeConfig: { portMappings },
      }),
    },
  );
  expect(exitCode, stdout).toBe(0);
  const trace = await stage.node.run(["cat", "/run/trace"]);
  const started = trace.split("\n").filter((line) => / execve\(.*= 0$/.test(line));
  const [itself, ...tools] = started;
  expect(itself).toContain("portmap");
  expect(tools.length, tools.join("\n")).toBeLessThanOrEqual(6);
  expect(tools.filter((line) => /-save"|"-L"|"-S"(?!, "[A-Z])/.test(line))).toEqual([]);
});
