// Compiles the plugins into self-contained executables under dist/bin, or another folder that is named, and prints what
// they measure.
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const plugins = ["portmap", "bandwidth", "loopback"];
const folder = resolve(process.argv[2] ?? `${root}/dist/bin`);

mkdirSync(folder, { recursive: true });
for (const plugin of plugins) {
  const outfile = `${folder}/${plugin}`;
  compile(`${root}/packages/${plugin}/src/main.ts`, outfile);
  deafen(outfile);
  const size = (statSync(outfile).size / 1e6).toFixed(1);
  console.log(
    `${relative(root, outfile)}  ${size} MB, starts in ${startUpMs(outfile).toFixed(1)} ms (VERSION, median of 20)`,
  );
}

/**
 * ESM bytecode and splitting are what make it start in milliseconds, and machine code does not pay off in a process
 * that ends before any loop is hot; the autoloads are off because the executable runs as root in a directory somebody
 * else chose. That directory may be deleted: Bun starts there only what was compiled with an option, of which this is
 * one without effect, as there are no addons.
 */
function compile(entry: string, outfile: string): void {
  const flags = [
    "--compile",
    "--format=esm",
    "--bytecode",
    "--minify",
    "--splitting",
    "--compile-jit-policy=100",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-tsconfig",
    "--no-compile-autoload-package-json",
    "--compile-exec-argv=--no-addons",
  ];
  const { exitCode, stderr } = Bun.spawnSync(
    [process.execPath, "build", ...flags, entry, `--outfile=${outfile}`],
    {
      cwd: root,
      stdout: "ignore",
    },
  );
  if (exitCode !== 0) throw new Error(`bun build ${relative(root, entry)} failed:\n${stderr.toString()}`);
}

/**
 * Three environment variables can make a Bun executable run other code than its own: BUN_BE_BUN turns it into the
 * `bun` command, BUN_OPTIONS and BUN_INSPECT_PRELOAD preload a file. No flag switches them off, so their
 * names are taken out of the executable, by a NUL in the place of their first letter. A test tries all on the result.
 */
function deafen(executable: string): void {
  const bytes = readFileSync(executable);
  for (const name of ["BUN_BE_BUN", "BUN_OPTIONS", "BUN_INSPECT_PRELOAD"]) {
    let at = bytes.indexOf(name);
    if (at < 0) throw new Error(`${name} is not in ${executable}: this Bun has it elsewhere, look again`);
    for (; at >= 0; at = bytes.indexOf(name, at + 1)) bytes[at] = 0;
  }
  writeFileSync(executable, bytes);
}

function startUpMs(executable: string): number {
  const stdin = new TextEncoder().encode('{"cniVersion":"1.0.0"}');
  const times = Array.from({ length: 20 }, () => {
    const started = performance.now();
    const { exitCode, stderr } = Bun.spawnSync([executable], { env: { CNI_COMMAND: "VERSION" }, stdin });
    if (exitCode !== 0) throw new Error(`${executable} does not start:\n${stderr.toString()}`);
    return performance.now() - started;
  });
  return times.sort((a, b) => a - b)[10] ?? Number.NaN;
}
