import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { CniError, refuseUnready, throwAll } from "./cni-error.ts";
import type { AttachmentCall, DelCall, GcCall, Plugin, StatusCall } from "./plugin.ts";
import type { Result } from "./result.ts";
import { type Io, ownNetns, runPlugin } from "./run-plugin.ts";
import { compiledSchema } from "./schema-problems.ts";
import { cniVersions } from "./versions.ts";

const ajv = new Ajv2020({ allErrors: true, verbose: true });
const portSchema = {
  type: "object",
  properties: { ports: { type: "array", items: { type: "integer", minimum: 1, maximum: 65535 } } },
};
const keys = {
  properties: {
    cniVersion: {},
    name: {},
    prevResult: {},
    label: {},
    ports: { items: { numeric: true } },
  },
} as const;

interface Config {
  readonly ports: unknown;
}

const validate = ajv.compile(portSchema);

const plugin: Plugin<Config> = {
  type: "portmap",
  supportedVersions: cniVersions,
  prevResult: "required",
  schema: compiledSchema(
    (document) => validate(document),
    (document) => (validate(document) ? [] : (validate.errors ?? [])),
    keys,
  ),
  readConfig: ({ ports = [], label = "" }) =>
    label === ""
      ? { ok: true, value: { ports } }
      : {
          ok: false,
          problems: [
            { path: "label", message: "no" },
            { path: "ports[0]", message: "again" },
          ],
        },
  add: async ({ prevResult }) => prevResult ?? { interfaces: [], ips: [], routes: [] },
  check: async () => [],
  del: async () => {},
  gc: async () => {},
  status: async () => {},
};

const prevResult = {
  cniVersion: "1.0.0",
  dns: {},
  interfaces: [{ mac: "52:61:01:fc:60:6b", name: "eth0", sandbox: "/run/netns/c1" }],
  ips: [{ address: "10.88.77.5/24", gateway: "10.88.77.1", interface: 0 }],
  routes: [{ dst: "0.0.0.0/0" }],
};
const conf = { cniVersion: "1.0.0", name: "crinet", type: "portmap", prevResult };
const env = {
  CNI_CONTAINERID: "c1",
  CNI_NETNS: "/run/netns/c1",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin",
  CNI_ARGS: "K8S_POD_NAMESPACE=default;IgnoreUnknown=1",
};

interface Options {
  readonly plugin?: Partial<Plugin<Config>>;
  readonly env?: Record<string, string>;
  readonly io?: Partial<Io>;
}

/** Runs the plugin in memory. `stdin`: a document, or text as it is. */
async function run(command: string | undefined, stdin: unknown, options: Options = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await runPlugin(
    { ...plugin, ...options.plugin },
    {
      env: { ...env, ...(command !== undefined && { CNI_COMMAND: command }), ...options.env },
      readStdin: () => (typeof stdin === "string" ? stdin : JSON.stringify(stdin)),
      writeStdout: (text) => out.push(text),
      writeStderr: (text) => err.push(text),
      netnsIdentity: (path) =>
        ({ [ownNetns]: "4:1", "/run/netns/host": "4:1", "/run/netns/c1": "4:2" })[path],
      ...options.io,
    },
  );
  expect(out.length).toBeLessThanOrEqual(1);
  return { exitCode, stderr: err.join(""), stdout: out[0] === undefined ? undefined : JSON.parse(out[0]) };
}

const isErrorDocument = (() => {
  const schemas = new URL("../../../schemas/", import.meta.url);
  const load = (name: string) => JSON.parse(readFileSync(new URL(name, schemas), "utf8"));
  const strict = new Ajv2020();
  strict.addVocabulary(["x-allowed"]);
  strict.addSchema(load("common.schema.json"));
  return strict.compile(load("error.schema.json"));
})();

async function failure(command: string, stdin: unknown, options: Options = {}) {
  const { exitCode, stdout } = await run(command, stdin, options);
  expect(exitCode).toBe(1);
  expect(isErrorDocument(stdout)).toBe(true);
  expect(Object.keys(stdout)).toEqual(["cniVersion", "code", "msg", "details"]);
  return stdout;
}

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

const key = "cni.dev/valid-attachments";
const { prevResult: _, ...listed } = { ...conf, cniVersion: "1.1.0" };
/** As libcni calls GC and STATUS: every variable set, most of them empty. */
const nobody = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "", CNI_ARGS: "" };

describe("GC", () => {
  it("gets network, valid attachments and the config, whatever is in it, and prints nothing", async () => {
    const calls: GcCall[] = [];
    const gc = async (call: GcCall) => void calls.push(call);
    const stdin = { ...listed, ports: "no array", [key]: [{ containerID: "c1", ifname: "eth0" }] };
    expect(await run("GC", stdin, { env: nobody, plugin: { gc } })).toEqual({
      exitCode: 0,
      stdout: undefined,
      stderr: "",
    });
    expect(calls).toEqual([
      {
        network: "crinet",
        valid: [{ containerId: "c1", ifname: "eth0" }],
        cniVersion: "1.1.0",
        netConf: stdin,
        warn: expect.any(Function),
      },
    ]);
  });

  test.each([
    ["no list", {}, `${key}: missing, GC needs it`],
    ["a malformed one", { [key]: [{ ifname: "eth0" }] }, `${key}[0].containerID: missing`],
  ])("with %s is an error, and the plugin is not asked", async (_, fields, msg) => {
    const gc = () => expect.unreachable();
    expect(await failure("GC", { ...listed, ...fields }, { env: nobody, plugin: { gc } })).toMatchObject({
      code: 7,
      msg,
    });
  });

  it("has one document for all failures", async () => {
    const busy = Object.assign(new Error("tc: exit code 2"), { failure: "failed", details: "command: tc" });
    const thrown = (errors: readonly unknown[]) =>
      failure("GC", { ...listed, [key]: [] }, { env: nobody, plugin: { gc: async () => throwAll(errors) } });
    expect(await thrown([busy, new CniError(11, "later"), "text"])).toMatchObject({
      code: 100,
      msg: "3 failures, the first: tc: exit code 2",
      details: "tc: exit code 2\ncommand: tc\nlater\ntext",
    });
    expect(await thrown([new CniError(11, "later")])).toMatchObject({ code: 11, msg: "later" });
    expect(() => throwAll([])).not.toThrow();
  });
});

describe("STATUS", () => {
  it("gets the checked config and prints nothing", async () => {
    const calls: StatusCall<Config>[] = [];
    const status = async (call: StatusCall<Config>) => void calls.push(call);
    const answer = await run("STATUS", { ...listed, Ports: [80] }, { env: nobody, plugin: { status } });
    expect(answer).toEqual({ exitCode: 0, stdout: undefined, stderr: "" });
    const call = {
      network: "crinet",
      cniVersion: "1.1.0",
      config: { ports: [80] },
      warn: expect.any(Function),
    };
    expect(calls).toEqual([call]);
  });

  it("refuses a config ADD would refuse", async () => {
    expect(await failure("STATUS", { ...listed, ports: [0], label: "x" }, { env: nobody })).toMatchObject({
      code: 7,
      msg: expect.stringMatching(/^ports\[0\]: 0 is not allowed.*; label: no$/),
    });
  });

  it("says all that is missing", async () => {
    const status = async () => refuseUnready(["tc: missing", "CAP_NET_ADMIN: missing"]);
    expect(await failure("STATUS", listed, { env: nobody, plugin: { status } })).toMatchObject({
      code: 50,
      msg: "tc: missing; CAP_NET_ADMIN: missing",
      details: "tc: missing\nCAP_NET_ADMIN: missing",
    });
    expect(() => refuseUnready([])).not.toThrow();
  });
});

test.each(["GC", "STATUS"])("%s needs version 1.1.0", async (command) => {
  const stdin = { ...listed, cniVersion: "1.0.0", [key]: [] };
  expect(await failure(command, stdin, { env: nobody })).toMatchObject({ cniVersion: "1.0.0", code: 1 });
});

describe("an error", () => {
  test.each<[string, unknown, Record<string, string>, object]>([
    ["an unknown command", conf, { CNI_COMMAND: "UPDATE" }, { cniVersion: "1.1.0", code: 4 }],
    ["a bad environment", conf, { CNI_IFNAME: ".." }, { cniVersion: "1.1.0", code: 4 }],
    ["no stdin", "", {}, { cniVersion: "1.1.0", code: 6, msg: "standard input is empty: expected JSON" }],
    ["no JSON", '{"cniVersion":"1.0.0"', {}, { cniVersion: "1.1.0", code: 6 }],
    ["an array", [], {}, { cniVersion: "1.1.0", code: 6 }],
    ["a version nobody knows", { ...conf, cniVersion: "9.0.0" }, {}, { cniVersion: "1.1.0", code: 1 }],
    ["no name", { cniVersion: "0.4.0" }, {}, { cniVersion: "0.4.0", code: 7 }],
  ])("of %s", async (_, stdin, variables, expected) => {
    expect(await failure("ADD", stdin, { env: variables })).toMatchObject(expected);
  });

  const toolError = (failure: string) =>
    Object.assign(new Error("iptables: exit code 4"), { failure, details: "command: …" });
  test.each([
    [new CniError(11, "later", "details\nin lines"), 11, "later", "details\nin lines"],
    [toolError("toolMissing"), 50, "iptables: exit code 4", "command: …"],
    [toolError("timedOut"), 11, "iptables: exit code 4", "command: …"],
    [toolError("tryAgain"), 11, "iptables: exit code 4", "command: …"],
    [toolError("failed"), 100, "iptables: exit code 4", "command: …"],
    [toolError("toString"), 999, "iptables: exit code 4", ""],
    [new TypeError("x is undefined"), 999, "x is undefined", ""],
    ["thrown text", 999, "thrown text", ""],
    [new CniError(7, "no such\nnetwork"), 7, "no such network", ""],
    [Object.assign(new Error("EIO: read"), { errno: 5, code: "EIO" }), 5, "EIO: read", ""],
  ])("thrown by the plugin: %s", async (thrown, code, msg, details) => {
    const add = async () => {
      throw thrown;
    };
    expect(await failure("ADD", conf, { plugin: { add } })).toEqual({
      cniVersion: "1.0.0",
      code,
      msg,
      details,
    });
  });

  it("nobody awaited becomes the one document", async () => {
    const { promise: fault, reject } = Promise.withResolvers<never>();
    const add = () => {
      reject(new Error("lost"));
      return new Promise<Result>(() => {});
    };
    expect(await failure("ADD", conf, { plugin: { add }, io: { fault } })).toMatchObject({
      code: 999,
      msg: "lost",
    });
  });

  it("in writing ends in exit code 1, without a second try", async () => {
    let tries = 0;
    const writeStdout = () => {
      tries += 1;
      throw new Error("EPIPE");
    };
    expect((await run("ADD", conf, { io: { writeStdout } })).exitCode).toBe(1);
    expect(tries).toBe(1);
  });
});

test("a warning is one line on stderr, whatever is in it", async () => {
  const del = async ({ warn }: DelCall) => warn("first\nsecond\u001b[31m\r\u0085end\n");
  const { stderr, stdout } = await run("DEL", conf, { plugin: { del } });
  expect(stderr).toBe("portmap: first second [31m end\n");
  expect(stdout).toBeUndefined();
});
