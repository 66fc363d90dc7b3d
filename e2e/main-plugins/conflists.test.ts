import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { conflist, directory, names } from "./conflists.ts";

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../schemas", `${name}.schema.json`), "utf8"));
const ajv = new Ajv2020({ allErrors: true });
ajv.addVocabulary(["x-allowed"]);
for (const name of ["common", "portmap", "bandwidth", "loopback"]) ajv.addSchema(schemaOf(name));
const validate = ajv.compile(schemaOf("conflist"));

test.each(names)("%s.conflist is valid, and the README shows it as it stands", (name) => {
  expect(validate(conflist(name)), JSON.stringify(validate.errors)).toBe(true);
  const text = readFileSync(join(directory, `${name}.conflist`), "utf8");
  expect(readFileSync(join(directory, "README.md"), "utf8")).toContain(`\`\`\`json\n${text}\`\`\``);
});

test.each(names.filter((name) => name !== "loopback"))(
  "%s.conflist has portmap, then bandwidth, at its end",
  (name) => {
    expect(
      conflist(name)
        .plugins.slice(-2)
        .map(({ type }) => type),
    ).toEqual(["portmap", "bandwidth"]);
  },
);
