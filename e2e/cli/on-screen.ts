import { stripVTControlCharacters } from "node:util";
import type { Node } from "../lib/node.ts";
import type { Finished } from "../lib/process.ts";

/**
 * Runs a command on a terminal of 110 columns, and presses each key once its text has been shown. The codes by which
 * it takes and gives back the screen stand as `<enter>` and `<leave>` in what it wrote.
 */
export async function onScreen(
  node: Node,
  argv: readonly string[],
  keys: readonly (readonly [text: string, key: string])[],
): Promise<Finished> {
  const presses = keys.map(
    ([text, key]) => `until grep -qF '${text}' /run/screen; do sleep 0.1; done; printf ${key}`,
  );
  const command = `stty cols 110 rows 24; exec ${argv.join(" ")}`;
  const script = `: >/run/screen; { ${presses.join("; ")}; } | script -qefc '${command}' /run/screen`;
  const finished = await node.try(["bash", "-c", script], { env: { ...node.env, TERM: "xterm" } });
  const marked = finished.stdout
    .replaceAll("\u001b[?1049h", "<enter>")
    .replaceAll("\u001b[?1049l", "<leave>");
  return { ...finished, stdout: stripVTControlCharacters(marked) };
}
