import { definition as bandwidth } from "@cni-chain/bandwidth/definition";
import { checkConfig, type Definition, foldKeys, isJsonObject, type JsonObject } from "@cni-chain/core";
import { definition as loopback } from "@cni-chain/loopback/definition";
import { definition as portmap } from "@cni-chain/portmap/definition";
import { error, type Finding, type Path, parsePath } from "./finding.ts";
import { unknownKeys } from "./keys.ts";

const definitions: readonly Definition<unknown>[] = [portmap, bandwidth, loopback];

/** The plugins of this project, by their types. */
export const ours: ReadonlyMap<string, Definition<unknown>> = new Map(
  definitions.map((definition) => [definition.type, definition]),
);

/**
 * What the plugin itself will say of its part of a list, and the fields it does not know.
 * @param inherited name and version, which the runtime puts in from the list
 */
export function pluginFindings(
  plugin: Definition<unknown>,
  element: JsonObject,
  inherited: JsonObject,
  path: Path,
): Finding[] {
  const { schema, type } = plugin;
  const folded = foldKeys({ ...element, ...inherited }, schema.keys);
  const { problems } = isJsonObject(folded) ? checkConfig(plugin, folded) : { problems: [] };
  return [
    ...problems
      .map((problem) => ({ ...problem, path: parsePath(problem.path) }))
      // Said of the list already.
      .filter((problem) => !Object.hasOwn(inherited, String(problem.path[0])))
      .map((problem) => error([...path, ...problem.path], problem.message)),
    ...unknownKeys(element, schema.keys, path, type),
  ];
}
