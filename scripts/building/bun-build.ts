import { relative } from "node:path";

/**
 * ESM bytecode and splitting are what make it start in milliseconds; the autoloads are off because the executable runs
 * as root in a directory somebody else chose. That directory may be deleted: Bun starts there only what was compiled
 * with an option, of which --no-addons is one without effect, as there are no addons.
 */
export const compiling: readonly string[] = [
  "--compile",
  "--bytecode",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
  "--compile-exec-argv=--no-addons",
];

/** Runs `bun build` in the root of the repository. Throws with what it says where it fails. */
export function bunBuild(root: string, entry: string, flags: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(
    [process.execPath, "build", "--format=esm", "--minify", "--splitting", ...flags, entry],
    { cwd: root, stdout: "ignore" },
  );
  if (exitCode !== 0) throw new Error(`bun build ${relative(root, entry)} failed:\n${stderr.toString()}`);
}
