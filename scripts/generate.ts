/**
 * Compiles schemas/ to the plain code the binaries validate with, so that no ajv is loaded at run time.
 * Run it after every change there: `bun scripts/generate.ts`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";

interface Schema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
}

interface KeyTree {
  properties?: Record<string, KeyTree>;
  items?: KeyTree;
  numeric?: true;
}

const root = dirname(import.meta.dirname);
const targets = [
  ...["portmap", "bandwidth", "loopback"].map((plugin) => ({
    schema: `${plugin}.schema.json`,
    module: `packages/${plugin}/src/generated/config-schema`,
    core: "@cni-chain/core",
    types: "@cni-chain/core",
  })),
  {
    schema: "result.schema.json",
    module: "packages/core/src/generated/result-schema",
    core: "../schema-problems.ts",
    types: "../plugin.ts",
  },
];

const schemas = new Map(
  readdirSync(join(root, "schemas"))
    .filter((name) => name.endsWith(".schema.json"))
    .sort()
    .map((name) => [name, withoutProse(JSON.parse(readFileSync(join(root, "schemas", name), "utf8")))]),
);

for (const { schema: id, module, core, types } of targets) {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    unicodeRegExp: true,
    messages: false,
    code: { source: true, esm: true, lines: true },
  });
  ajv.addVocabulary(["x-allowed"]);
  for (const schema of schemas.values()) ajv.addSchema(schema);
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`no schema has the $id ${id}`);
  const code = standaloneCode.default(ajv, { validate: id }).replace('"use strict";', "").trim();
  if (/\b(?:require|import)\b/.test(code)) throw new Error(`${id}: the validator would load ajv at run time`);
  const keys = keyTree(id, schemas.get(id) ?? {});
  write(`${module}.js`, [
    `import { compiledSchema } from ${JSON.stringify(core)};`,
    code,
    `export const schema = compiledSchema(validate, ${JSON.stringify(keys)});`,
  ]);
  write(`${module}.d.ts`, [
    `import type { CompiledSchema } from ${JSON.stringify(types)};`,
    "export declare const schema: CompiledSchema;",
  ]);
}

function write(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `// Made by scripts/generate.ts from schemas/.\n${lines.join("\n")}\n`);
}

/** Prose is for editors; the compiled validators need only `x-allowed`. */
function withoutProse(schema: unknown): Schema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      (key === "description" || key === "title") && typeof value === "string" ? undefined : value,
    ),
  );
}

function keyTree(file: string, schema: Schema): KeyTree {
  const tree: KeyTree = schema.$ref === undefined ? {} : keyTree(...resolve(file, schema.$ref));
  if (schema.type === "integer" || schema.type === "number") tree.numeric = true;
  if (schema.items !== undefined) tree.items = keyTree(file, schema.items);
  for (const [key, below] of Object.entries(schema.properties ?? {})) {
    tree.properties ??= {};
    tree.properties[key] = keyTree(file, below);
  }
  return tree;
}

/** The file and subschema of a `$ref`, which here is a file, `#/$defs/name`, or both. */
function resolve(file: string, ref: string): [string, Schema] {
  const [name = "", definition = ""] = ref.split("#/$defs/");
  const target = name === "" ? file : name;
  const whole = schemas.get(target);
  const found = definition === "" ? whole : whole?.$defs?.[definition];
  if (found === undefined) throw new Error(`${file}: $ref ${ref} leads nowhere`);
  return [target, found];
}
