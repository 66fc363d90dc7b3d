import { describe, expect, it, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { type Config, conf, failure, prevResult, run } from "../test/in-memory.ts";
import type { AttachmentCall, DelCall, Plugin } from "./plugin.ts";
import type { Result } from "./result.ts";
import { cniVersions } from "./versions.ts";

test("without CNI_COMMAND a person gets two lines on stderr", async () => {
  expect(await run(undefined, "never read", { io: { readStdin: () => expect.unreachable() } })).toEqual({
    exitCode: 0,
    stdout: undefined,
    stderr: `CNI portmap plugin v${manifest.version}\nCNI protocol versions supported: ${cniVersions.join(", ")}\n`,
  });
});

describe("VERSION", () => {
  test.each([
    ["", "1.1.0"],
    ["{}", "0.1.0"],
    [{ cniVersion: "1.0.0" }, "1.0.0"],
    [{ CNIVersion: "0.4.0" }, "0.4.0"],
    [{ cniVersion: "9.9.9" }, "1.1.0"],
  ])("with %j on stdin answers at %s", async (stdin, cniVersion) => {
    const dummies = {
      CNI_NETNS: "dummy",
      CNI_IFNAME: "dummy",
      CNI_PATH: "dummy",
      CNI_CONTAINERID: "",
      CNI_ARGS: "",
    };
    expect(await run("VERSION", stdin, { env: dummies })).toEqual({
      exitCode: 0,
      stderr: "",
      stdout: { cniVersion, supportedVersions: cniVersions },
    });
  });

  it("alone does without input that does not come", async () => {
    const asked: (number | undefined)[] = [];
    const readStdin = (patienceMs?: number) => {
      asked.push(patienceMs);
      return JSON.stringify(conf);
    };
    for (const command of ["VERSION", "ADD", "DEL"]) await run(command, undefined, { io: { readStdin } });
    expect(asked).toEqual([1000, undefined, undefined]);
  });

  it("answers at the plugin's newest version when asked for one it does not speak", async () => {
    const supportedVersions = ["0.3.0", "1.0.0"] as const;
    const { stdout } = await run("VERSION", { cniVersion: "1.1.0" }, { plugin: { supportedVersions } });
    expect(stdout).toEqual({ cniVersion: "1.0.0", supportedVersions });
  });
});

describe("ADD", () => {
  it("hands the result through as it came", async () => {
    expect(await run("ADD", conf)).toEqual({ exitCode: 0, stderr: "", stdout: prevResult });
  });

  it("prints at the configuration's version", async () => {
    const { stdout } = await run("ADD", { ...conf, cniVersion: "0.3.1" });
    expect(stdout).toEqual({
      ...prevResult,
      cniVersion: "0.3.1",
      ips: [{ version: "4", ...prevResult.ips[0] }],
    });
  });

  it("tells the plugin what it needs, keys folded", async () => {
    let seen: AttachmentCall<Config> | undefined;
    const add = async (call: AttachmentCall<Config>): Promise<Result> => {
      seen = call;
      return { interfaces: [], ips: [], routes: [] };
    };
    await run("ADD", { ...conf, Ports: [80] }, { plugin: { add } });
    expect(seen).toMatchObject({
      attachment: { network: "crinet", containerId: "c1", ifname: "eth0" },
      cniVersion: "1.0.0",
      netns: "/run/netns/c1",
      config: { ports: [80] },
      prevResult: { ips: prevResult.ips },
    });
  });

  it("takes a plugin at the head of a chain", async () => {
    const { prevResult: _, ...head } = conf;
    expect(await run("ADD", head, { plugin: { prevResult: "optional" } })).toEqual({
      exitCode: 0,
      stderr: "",
      stdout: { cniVersion: "1.0.0" },
    });
  });

  it("reports all that is wrong with a configuration at once", async () => {
    const wrong = { ...conf, ports: [70000, "x"], label: "y", prevResult: { ips: [{ address: "a" }] } };
    const { code, msg, details } = await failure("ADD", wrong);
    expect(code).toBe(7);
    expect(details.split("\n")).toEqual([
      "ports[0]: 70000 is not allowed, must be an integer from 1 to 65535",
      'ports[1]: "x" is not allowed, must be an integer from 1 to 65535',
      "label: no",
      'prevResult.ips[0].address: "a" is not allowed, must be an address with prefix length',
    ]);
    expect(msg).toBe(details.replaceAll("\n", "; "));
  });

  it("reports the schema's problems even if the plugin stumbles over the shape", async () => {
    const readConfig = () => {
      throw new TypeError("ports.map is not a function");
    };
    const { code, details } = await failure("ADD", { ...conf, ports: 1 }, { plugin: { readConfig } });
    expect([code, details]).toEqual([7, "ports: 1 is not allowed, must be an array"]);
  });
});

test.each(["ADD", "CHECK"])("%s without prevResult is refused where one is required", async (command) => {
  for (const missing of [undefined, null]) {
    const { code, msg } = await failure(command, { ...conf, prevResult: missing });
    expect(code).toBe(7);
    expect(msg).toContain("prevResult: missing");
    expect(msg).toContain("must be called as chained plugin");
  }
});

describe("CHECK", () => {
  it("prints nothing when all is well", async () => {
    expect(await run("CHECK", conf)).toEqual({ exitCode: 0, stderr: "", stdout: undefined });
  });

  it("is refused before 0.4.0", async () => {
    expect(await failure("CHECK", { ...conf, cniVersion: "0.3.1" })).toMatchObject({
      cniVersion: "0.3.1",
      code: 1,
    });
  });

  test.each([
    [["rule a\nis missing"], "CHECK found 1 difference: rule a is missing", "rule a is missing"],
    [["a", "b"], "CHECK found 2 differences: a", "a\nb"],
  ])("lists the differences %j", async (differences, msg, details) => {
    const error = await failure("CHECK", conf, { plugin: { check: async () => differences } });
    expect(error).toEqual({ cniVersion: "1.0.0", code: 101, msg, details });
  });
});

describe("DEL", () => {
  async function del(stdin: unknown, variables: Record<string, string> = {}) {
    let seen: DelCall | undefined;
    const outcome = await run("DEL", stdin, {
      env: variables,
      plugin: {
        del: async (call) => {
          seen = call;
        },
      },
    });
    return { ...outcome, seen };
  }

  it("passes what the runtime remembered", async () => {
    const { exitCode, stdout, seen } = await del({ ...conf, Label: "odd", ports: "odd" });
    expect([exitCode, stdout]).toEqual([0, undefined]);
    expect(seen).toMatchObject({
      attachment: { network: "crinet", containerId: "c1", ifname: "eth0" },
      netns: "/run/netns/c1",
      netConf: { label: "odd", ports: "odd" },
      prevResult: { ips: prevResult.ips },
    });
  });

  it("does without netns and prevResult, as at a runtime's second DEL", async () => {
    const { prevResult: _, ...second } = conf;
    const { exitCode, seen } = await del(second, { CNI_NETNS: "" });
    expect(exitCode).toBe(0);
    expect(seen).toMatchObject({ netns: undefined, prevResult: undefined });
  });

  it("warns of a prevResult it cannot read, and goes on", async () => {
    const { exitCode, stderr, seen } = await del({ ...conf, prevResult: { ips: "x\ny" } });
    expect(exitCode).toBe(0);
    expect(seen?.prevResult).toBeUndefined();
    expect(stderr).toMatch(/^portmap: prevResult is not used: prevResult\.ips: .*\n$/);
  });

  it("needs a name", async () => {
    expect(await failure("DEL", { cniVersion: "1.0.0" })).toMatchObject({ code: 7 });
  });
});

describe("the plugin's own network namespace", () => {
  const host = { CNI_NETNS: "/run/netns/host" };
  const untouched: Partial<Plugin<Config>> = {
    add: () => expect.unreachable(),
    del: () => expect.unreachable(),
  };

  test.each(["ADD", "DEL"])("%s refuses it before anything is done", async (command) => {
    const error = await failure(command, conf, { env: host, plugin: untouched });
    expect(error).toMatchObject({ cniVersion: "1.0.0", code: 8 });
  });

  test.each(["ADD", "DEL"])("%s takes it when overridden", async (command) => {
    expect((await run(command, conf, { env: { ...host, CNI_NETNS_OVERRIDE: "TRUE" } })).exitCode).toBe(0);
  });

  test.each(["ADD", "DEL"])("%s takes a path that does not exist", async (command) => {
    expect((await run(command, conf, { env: { CNI_NETNS: "/run/netns/gone" } })).exitCode).toBe(0);
  });

  it("is nothing that two missing files share", async () => {
    expect((await run("ADD", conf, { io: { netnsIdentity: () => undefined } })).exitCode).toBe(0);
  });

  it("does not matter to CHECK", async () => {
    expect((await run("CHECK", conf, { env: host })).exitCode).toBe(0);
  });
});

test("a warning is one line on stderr, whatever is in it", async () => {
  const del = async ({ warn }: DelCall) => warn("first\nsecond\u001b[31m\r\u0085end\n");
  const { stderr, stdout } = await run("DEL", conf, { plugin: { del } });
  expect(stderr).toBe("portmap: first second [31m end\n");
  expect(stdout).toBeUndefined();
});
