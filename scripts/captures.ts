// Writes the terminal pictures of README.md, between `<!-- capture NAME -->` and `<!-- end capture -->`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeCaptures, withCaptures } from "../e2e/docs/captures.ts";

const readme = join(import.meta.dirname, "..", "README.md");
const captures = await takeCaptures();
writeFileSync(readme, withCaptures(readFileSync(readme, "utf8"), captures));
console.log(captures.map(({ name, text }) => `${name}: ${text.split("\n").length} lines`).join("\n"));
process.exit(0);
