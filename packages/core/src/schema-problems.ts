import { shown } from "./json.ts";
import type { CompiledSchema, KeyTree, Problem } from "./plugin.ts";

/** An error as ajv gives it with its option verbose. */
export interface AjvError {
  readonly keyword: string;
  /** JSON pointer to the value. */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: Readonly<Record<string, unknown>>;
}

/**
 * Makes what the generated modules export: errors in words, and the keys the schema knows.
 * @param isValid a small validator, which most documents pass
 * @param problemsOf finds everything that is wrong with one that did not
 */
export function compiledSchema(
  isValid: (document: unknown) => boolean,
  problemsOf: (document: unknown) => readonly AjvError[],
  keys: KeyTree,
): CompiledSchema {
  return { keys, validate: (document) => (isValid(document) ? [] : problemsOf(document).map(toProblem)) };
}

function toProblem({ keyword, instancePath, params, data, parentSchema = {} }: AjvError): Problem {
  const path = jsonPath(instancePath);
  if (keyword === "required") {
    const missing = String(params["missingProperty"]);
    return { path: path === "" ? missing : `${path}.${missing}`, message: "missing" };
  }
  return { path, message: `${shown(data)} is not allowed, must be ${allowed(parentSchema)}` };
}

function allowed(schema: Readonly<Record<string, unknown>>): string {
  const { type, minimum, maximum, enum: values, "x-allowed": words } = schema;
  if (typeof words === "string") return words;
  if (Array.isArray(values)) return values.map(shown).join(" or ");
  const noun = /^[aeiou]/.test(String(type)) ? `an ${type}` : `a ${type}`;
  return minimum === undefined ? noun : `${noun} from ${minimum} to ${maximum}`;
}

/** `/runtimeConfig/portMappings/2/hostPort` as `runtimeConfig.portMappings[2].hostPort`. */
function jsonPath(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((path, step) => {
      if (/^\d+$/.test(step)) return `${path}[${step}]`;
      return path === "" ? step : `${path}.${step}`;
    }, "");
}
