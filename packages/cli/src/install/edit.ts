import { Failure } from "../failure.ts";
import { validate } from "../validate/conf-list.ts";
import { sentence } from "../validate/render.ts";
import { appendPlugins } from "./edit-conf-list.ts";
import type { ConfListFile } from "./observed.ts";
import type { ConfListEdit } from "./plan-install.ts";
import { sha256OfText } from "./sha256.ts";

/**
 * What becomes of a conflist; undefined if it has all of the plugins already. Throws Failure for what is no list, and
 * for one that has errors, before or after.
 */
export function editConfList(before: ConfListFile, types: readonly string[]): ConfListEdit | undefined {
  const { file, text } = before;
  refuseSingle(file, text);
  refuseErrors(file, text, "has errors; nothing was changed");
  const { text: after, appended } = appendPlugins(text, types);
  if (appended.length === 0) return undefined;
  refuseErrors(file, after, `would have errors with ${appended.join(" and ")}; nothing was changed`);
  return { before, text: after, sha256: sha256OfText(after), appended };
}

/** A configuration without a list has no place behind its plugin. */
function refuseSingle(file: string, text: string): void {
  const { single, network = "NAME", cniVersion = "1.0.0" } = validate(text);
  if (!single) return;
  throw new Failure(`${file} is a single plugin's configuration, to which nothing can be chained`, [
    "Write a list to a file that ends in .conflist, with what stands in this one in the place of …, and remove this one:",
    `{ "cniVersion": "${cniVersion}", "name": "${network}", "plugins": [ … ] }`,
  ]);
}

function refuseErrors(file: string, text: string, what: string): void {
  const errors = validate(text).findings.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const lines = errors.map((one) => `${file}:${one.line}:${one.column}: ${sentence(one)}`);
  throw new Failure(`${file} ${what}`, lines);
}
