/** Steps into a document, from its root: keys and indices. */
export type Path = readonly (string | number)[];

/** One thing wrong with a document, and which part of it. */
export interface Finding {
  /** `error`: a runtime or plugin refuses it, or it can never work. `warning`: it runs, but hardly as meant. */
  readonly severity: "error" | "warning";
  readonly path: Path;
  /** The part meant: a key, or what stands behind it. */
  readonly at: "key" | "value";
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** A finding with its place in the text: line and column from 1, the column in characters. */
export interface Placed extends Finding {
  readonly line: number;
  readonly column: number;
}

export function error(path: Path, message: string, suggestion?: string): Finding {
  return finding("error", path, message, suggestion);
}

export function warning(path: Path, message: string, suggestion?: string): Finding {
  return finding("warning", path, message, suggestion);
}

/** Says it of the key, not of its value. */
export function ofKey(one: Finding): Finding {
  return { ...one, at: "key" };
}

/** `plugins[1].capabilities.portMappings`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** The steps of a path as the plugins write it. Their own keys hold neither dots nor brackets. */
export function parsePath(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([step, index]) =>
    index === undefined ? step : Number(index),
  );
}

function finding(severity: Finding["severity"], path: Path, message: string, suggestion?: string): Finding {
  return { severity, path, at: "value", message, ...(suggestion === undefined ? {} : { suggestion }) };
}
