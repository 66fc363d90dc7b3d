import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { exec } from "../lib/process.ts";

export const root = resolve(import.meta.dirname, "../..");

export interface Unpacked {
  /** Where what is released lies. */
  readonly folder: string;
  /** Where its archive is unpacked. */
  readonly bin: string;
  readonly archive: string;
  readonly bill: string;
  readonly version: string;
  /** What scripts/release said. */
  readonly said: string;
  readonly remove: () => void;
}

/** Makes what is released for amd64, and unpacks it with the machine's own tar. */
export async function released(): Promise<Unpacked> {
  const folder = mkdtempSync(join(tmpdir(), "cni-chain-released-"));
  const made = await must([process.execPath, join(root, "scripts/releasing/main.ts"), folder, "amd64"]);
  const files = readdirSync(folder);
  const archive = join(folder, files.find((name) => name.endsWith(".tgz")) ?? "");
  const bill = join(folder, files.find((name) => name.endsWith(".cdx.json")) ?? "");
  const bin = join(folder, "bin");
  mkdirSync(bin);
  await must(["tar", "-xzf", archive, "-C", bin]);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    folder,
    bin,
    archive,
    bill,
    version,
    said: made,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Standard output of a command that has to go well. */
export async function must(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const { exitCode, stdout, stderr } = await exec(argv, { env, stdin: "{}" });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}
