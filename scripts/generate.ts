/**
 * Compiles schemas/ to the plain code the binaries validate with, so that no ajv is loaded at run time: a small test
 * that nearly every document passes, and ajv's own code, for all that is wrong with one that does not.
 * Run it after every change there: `bun scripts/generate.ts`.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import { accepting, type Schema } from "./accepting.ts";

/** Where a validator stops looking at more elements of an array. */
const enoughErrors = 200;

interface SchemaFile extends Schema {
  readonly $defs?: Readonly<Record<string, Schema>>;
}

interface KeyTree {
  properties?: Record<string, KeyTree>;
  items?: KeyTree;
  numeric?: true;
}

const root = dirname(import.meta.dirname);
/** `hurried` is false where a document is no plugin's input, and ajv's own code alone will do. */
const targets: readonly {
  readonly schema: string;
  readonly module: string;
  readonly core: string;
  readonly types: string;
  readonly hurried?: boolean;
}[] = [
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
  {
    schema: "conflist.schema.json",
    module: "packages/cli/src/generated/conflist-schema",
    core: "@cni-chain/core",
    types: "@cni-chain/core",
    hurried: false,
  },
];

const schemas = new Map(
  readdirSync(join(root, "schemas"))
    .filter((name) => name.endsWith(".schema.json"))
    .sort()
    .map((name) => [name, withoutProse(JSON.parse(readFileSync(join(root, "schemas", name), "utf8")))]),
);

for (const { schema: id, module, core, types, hurried = true } of targets) {
  const keys = keyTree(id, schemas.get(id) ?? {});
  write(`${module}.js`, [
    `import { compiledSchema } from ${JSON.stringify(core)};`,
    ...(hurried
      ? [
          `const isValid = (document) => ${accepting(id, schemas.get(id) ?? {}, "document", resolve)};`,
          "function all(items, fits) {\nfor (const item of items) if (!fits(item)) return false;\nreturn true;\n}",
        ]
      : ["const isValid = () => false;"]),
    `function problemsOf(document) {\n${validator(id)}\nvalidate(document);\nreturn validate.errors ?? [];\n}`,
    `export const schema = compiledSchema(isValid, problemsOf, ${JSON.stringify(keys)});`,
  ]);
  write(`${module}.d.ts`, [
    `import type { CompiledSchema } from ${JSON.stringify(types)};`,
    "export declare const schema: CompiledSchema;",
  ]);
}

/** The body of a function that has ajv's `validate`, which gives all problems of a document with what they are about. */
function validator(id: string): string {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    unevaluated: false,
    unicodeRegExp: true,
    messages: false,
    code: { source: true, esm: false, lines: true },
  });
  ajv.addVocabulary(["x-allowed"]);
  for (const schema of schemas.values()) ajv.addSchema(schema);
  if (ajv.getSchema(id) === undefined) throw new Error(`no schema has the $id ${id}`);
  const code = standaloneCode
    .default(ajv, { validate: id })
    .replace('"use strict";', "")
    .replace(/^module\.exports = .*$/m, "")
    .replace(/^exports\.validate = (\w+);/m, "const validate = $1;")
    // A document can be wrong in millions of places: nobody reads of them, and each takes a kilobyte.
    .replaceAll(/^for\(let (\w+)=0; \1<(\w+); /gm, `for(let $1=0; $1<$2 && errors<${enoughErrors}; `);
  if (/\b(?:require|import|exports)\b/.test(code)) {
    throw new Error(`${id}: the validator would load ajv at run time`);
  }
  return code.trim();
}

function write(path: string, lines: readonly string[]): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `// Made by scripts/generate.ts from schemas/.\n${lines.join("\n")}\n`);
}

/** Prose is for editors; the compiled validators need only `x-allowed`. */
function withoutProse(schema: unknown): SchemaFile {
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
