import { shown } from "./json.ts";
import type { CompiledSchema, KeyTree, Problem } from "./plugin.ts";

/** A validator as ajv compiles it, with the errors of its last call (options allErrors and verbose). */
export interface AjvValidator {
  (document: unknown): boolean;
  errors?: readonly AjvError[] | null;
}

interface AjvError {
  readonly keyword: string;
  /** JSON pointer to the value. */
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: Readonly<Record<string, unknown>>;
}

/** Makes what the generated modules export: errors in words, and the keys the schema knows. */
export function compiledSchema(validator: AjvValidator, keys: KeyTree): CompiledSchema {
  return {
    keys,
    validate: (document) => (validator(document) ? [] : (validator.errors ?? []).map(toProblem)),
  };
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
