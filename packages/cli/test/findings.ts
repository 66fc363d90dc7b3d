import { validate } from "../src/validate/conf-list.ts";
import { pathText } from "../src/validate/finding.ts";

/** Every finding as `line:column severity path: message`, with what was meant. */
export function findings(text: string): string[] {
  return validate(text).findings.map(
    ({ line, column, severity, path, message, suggestion }) =>
      `${line}:${column} ${severity} ${pathText(path)}: ${message}${suggestion ? ` -> ${suggestion}` : ""}`,
  );
}

/** A list with plugins behind a bridge, one a line: the first in line 2. */
export function behindBridge(...plugins: string[]): string {
  const all = ['{"type":"bridge"}', ...plugins].join(",\n");
  return `{"cniVersion":"1.0.0","name":"n","plugins":[${all}]}`;
}

/** Ours as a list should have them. */
export const portmap = '{"type":"portmap","capabilities":{"portMappings":true}}';
export const bandwidth = '{"type":"bandwidth","capabilities":{"bandwidth":true}}';
