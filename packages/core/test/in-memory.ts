import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import type { Plugin } from "../src/plugin.ts";
import { type Io, ownNetns, runPlugin } from "../src/run-plugin.ts";
import { compiledSchema } from "../src/schema-problems.ts";
import { cniVersions } from "../src/versions.ts";

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

/** Configuration of the plugin under test: `ports`, as they came. */
export interface Config {
  readonly ports: unknown;
}

const validate = ajv.compile(portSchema);

/** A plugin that hands prevResult through, and is content with everything. */
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

export const prevResult = {
  cniVersion: "1.0.0",
  dns: {},
  interfaces: [{ mac: "52:61:01:fc:60:6b", name: "eth0", sandbox: "/run/netns/c1" }],
  ips: [{ address: "10.88.77.5/24", gateway: "10.88.77.1", interface: 0 }],
  routes: [{ dst: "0.0.0.0/0" }],
};
export const conf = { cniVersion: "1.0.0", name: "crinet", type: "portmap", prevResult };
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
export async function run(command: string | undefined, stdin: unknown, options: Options = {}) {
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

/** Runs what has to fail, and gives its error document, which is one by the schema. */
export async function failure(command: string, stdin: unknown, options: Options = {}) {
  const { exitCode, stdout } = await run(command, stdin, options);
  expect(exitCode).toBe(1);
  expect(isErrorDocument(stdout)).toBe(true);
  expect(Object.keys(stdout)).toEqual(["cniVersion", "code", "msg", "details"]);
  return stdout;
}
