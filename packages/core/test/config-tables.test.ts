import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { fieldsOf, withTables } from "../../../scripts/config-tables.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const schemaOf = (name: string) => JSON.parse(read(`schemas/${name}.schema.json`));

test("the tables of fields are what the schemas say", () => {
  const text = read("packages/docs/chain-authors.md");
  expect(text).toContain("<!-- fields of portmap -->\n\n| field |");
  expect(withTables(text)).toBe(text);
});

describe.each(["portmap", "bandwidth"])("%s", (plugin) => {
  const fields = fieldsOf(schemaOf(plugin)).map(([name]) => name.split(/\W+/).at(-1) ?? "");
  const code = read(`packages/${plugin}/src/config.ts`);

  test("every field of the schema is read by the code", () => {
    for (const field of fields) expect(code).toMatch(new RegExp(`\\b${field}\\b`));
  });

  test("every written field the code reads is in the schema", () => {
    const written = [...code.matchAll(/readonly (\w+)\?:/g)].map(([, field]) => field ?? "");
    const known = [...fields, ...fieldsOf(schemaOf(plugin)).flatMap(([name]) => name.split(/\W+/))];
    expect(written.length).toBeGreaterThan(0);
    for (const field of written) expect(known).toContain(field);
  });

  test("every field has a default or is required", () => {
    for (const [name, description] of fieldsOf(schemaOf(plugin))) {
      expect(description, name).toMatch(/ (Default: .+|Required)\.$/);
    }
  });
});

describe("the schema of a conflist", () => {
  const ajv = new Ajv2020({ allErrors: true });
  ajv.addVocabulary(["x-allowed"]);
  for (const name of ["common", "portmap", "bandwidth", "loopback"]) ajv.addSchema(schemaOf(name));
  const validate = ajv.compile(schemaOf("conflist"));
  const list = (...plugins: object[]) => ({ cniVersion: "1.0.0", name: "net", plugins });

  test("takes the README's example", () => {
    const example = /```json\n([\s\S]*?)```/.exec(read("README.md"))?.[1] ?? "";
    expect(validate(JSON.parse(example)), JSON.stringify(validate.errors)).toBe(true);
  });

  test.each([
    ["a wrong field of portmap", list({ type: "portmap", markMasqBit: 32 }), "/plugins/0/markMasqBit"],
    [
      "a wrong field of bandwidth",
      list({ type: "other" }, { type: "bandwidth", latency: 25 }),
      "/plugins/1/latency",
    ],
    ["no plugins", { name: "net" }, ""],
    ["a plugin without type", list({}), "/plugins/0"],
  ])("refuses %s", (_, conflist, path) => {
    expect(validate(conflist)).toBe(false);
    expect(validate.errors?.map(({ instancePath }) => instancePath)).toContain(path);
  });

  test("lets other plugins have what fields they like", () => {
    expect(validate(list({ type: "calico", markMasqBit: "x" }))).toBe(true);
  });
});
