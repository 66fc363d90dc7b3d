// Code that tells whether a document fits a schema, and nothing of why not: a tenth of what ajv makes, and so much
// faster to load in a process that runs it once. Knows the keywords that schemas/ uses, and throws on any other.

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A schema and the file it stands in, from which a `$ref` leads on. */
export type Resolve = (file: string, ref: string) => readonly [file: string, schema: Schema];

const kinds: Readonly<Record<string, (value: string) => string>> = {
  object: (value) => `typeof ${value} === "object" && ${value} !== null && !Array.isArray(${value})`,
  array: (value) => `Array.isArray(${value})`,
  string: (value) => `typeof ${value} === "string"`,
  boolean: (value) => `typeof ${value} === "boolean"`,
  number: (value) => `Number.isFinite(${value})`,
  integer: (value) => `Number.isInteger(${value})`,
};

/** Keywords that say nothing about a document. */
const silent = new Set(["$schema", "$id", "$defs", "x-allowed"]);

/** An expression that is true where `value` fits. Whatever else a schema says of it, it says its type. */
export function accepting(file: string, schema: Schema, value: string, resolve: Resolve): string {
  const {
    $ref,
    type,
    properties,
    items,
    required,
    enum: allowed,
    pattern,
    minimum,
    maximum,
    ...more
  } = schema;
  const unknown = Object.keys(more).filter((keyword) => !silent.has(keyword));
  if (unknown.length > 0) throw new Error(`${file}: no code is made here for ${unknown.join(", ")}`);
  const below = (inner: Schema, name: string) => accepting(file, inner, name, resolve);
  const tests: string[] = [];
  if ($ref !== undefined) {
    const [target, found] = resolve(file, $ref);
    tests.push(accepting(target, found, value, resolve));
  }
  if (type !== undefined) {
    const kind = kinds[type];
    if (kind === undefined) throw new Error(`${file}: no code is made here for type ${type}`);
    tests.push(kind(value));
  } else if ($ref === undefined && Object.keys(schema).length > 0) {
    throw new Error(`${file}: a schema without type says ${Object.keys(schema).join(", ")}`);
  }
  for (const key of required ?? []) tests.push(`${value}[${JSON.stringify(key)}] !== undefined`);
  for (const [key, inner] of Object.entries(properties ?? {})) {
    const place = `${value}[${JSON.stringify(key)}]`;
    const test = below(inner, place);
    if (test !== "true") tests.push(`(${place} === undefined || ${test})`);
  }
  // A name that no outer loop has: they are as deep as the value is long.
  const item = `item${value.length}`;
  if (items !== undefined) tests.push(`all(${value}, (${item}) => ${below(items, item)})`);
  if (allowed !== undefined) tests.push(`${JSON.stringify(allowed)}.includes(${value})`);
  if (pattern !== undefined) tests.push(`${new RegExp(pattern, "u")}.test(${value})`);
  if (minimum !== undefined) tests.push(`${value} >= ${minimum}`);
  if (maximum !== undefined) tests.push(`${value} <= ${maximum}`);
  return tests.length === 0 ? "true" : `(${tests.join(" && ")})`;
}
