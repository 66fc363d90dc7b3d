// Writes the tables of configuration fields in the chain authors' page from the schemas. Run it after a change there:
// `bun scripts/config-tables.ts`. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Schema {
  readonly description?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

const root = join(import.meta.dirname, "..");
const page = join(root, "packages/docs/chain-authors.md");

/** A page with the tables as the schemas say them, between `<!-- fields of X -->` and `<!-- end -->`. */
export function withTables(text: string): string {
  return text.replaceAll(
    /(<!-- fields of (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, plugin: string, end: string) => `${begin}\n${tableOf(plugin)}\n\n${end}`,
  );
}

function tableOf(plugin: string): string {
  const schema: Schema = JSON.parse(readFileSync(join(root, `schemas/${plugin}.schema.json`), "utf8"));
  const rows = fieldsOf(schema).map(([name, description]) => {
    const [, says = description, byDefault = "–"] = /^(.*?)\s*Default: (.+?)\.$/.exec(description) ?? [];
    return `| \`${name}\` | ${byDefault} | ${says.replaceAll("|", "\\|")} |`;
  });
  return ["| field | default | what it says |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The plugin's own fields with their descriptions, those inside runtimeConfig by their path. */
export function fieldsOf(schema: Schema, path = ""): [string, string][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]): [string, string][] => {
    const name = `${path}${key}`;
    const inside =
      field.items?.properties !== undefined
        ? fieldsOf(field.items, `${name}[].`)
        : fieldsOf(field, `${name}.`);
    return inside.length > 0 ? inside : [[name, field.description ?? ""]];
  });
}

if (import.meta.main) writeFileSync(page, withTables(readFileSync(page, "utf8")));
