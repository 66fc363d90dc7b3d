import { CniError, ErrorCode } from "./cni-error.ts";
import type { JsonObject } from "./json.ts";
import type { Definition, Problem } from "./plugin.ts";

/** The config, where there is nothing wrong with it, and else all that is. */
export interface CheckedConfig<Config> {
  readonly read?: { readonly value: Config };
  readonly problems: readonly Problem[];
}

/** The schema's problems, and those the plugin finds elsewhere, so that a user sees all of them at once. */
export function checkConfig<Config>(plugin: Definition<Config>, netConf: JsonObject): CheckedConfig<Config> {
  const wrongShape = plugin.schema.validate(netConf);
  if (wrongShape.length === 0) {
    const read = plugin.readConfig(netConf);
    return read.ok ? { read, problems: [] } : { problems: read.problems };
  }
  try {
    const read = plugin.readConfig(netConf);
    const more = read.ok
      ? []
      : read.problems.filter(({ path }) => !wrongShape.some((w) => within(path, w.path)));
    return { problems: [...wrongShape, ...more] };
  } catch {
    // It counts on a shape this document does not have.
    return { problems: wrongShape };
  }
}

/** As many as a person may read; a document can hold millions. */
const mostTold = 100;

/** CniError 7 with all problems, or the first hundred: on one line in the message, one a line in the details. */
export function configError(problems: readonly Problem[]): CniError {
  const told = problemLines(problems.slice(0, mostTold));
  if (problems.length > mostTold) told.push("and more");
  return new CniError(ErrorCode.invalidConfig, told.join("; "), told.join("\n"));
}

/** `path: message` each. */
export function problemLines(problems: readonly Problem[]): string[] {
  return problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
}

function within(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}
