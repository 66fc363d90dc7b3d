// Compiles the plugins and cni-chain into self-contained executables under dist/bin, or another folder that is named,
// and prints what they measure. Names behind the folder are those to make; all without.
import { mkdirSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { deafen } from "./deafen.ts";

const root = resolve(import.meta.dir, "..");

/** Machine code does not pay off in a process that ends before any loop is hot; cni-chain may run for days. */
const plugin = { flags: ["--compile-jit-policy=100"], argv: [], means: "VERSION" };
/** By name, the package each comes from, and the call that shows how fast it starts. */
const executables = {
  portmap: { package: "portmap", ...plugin },
  bandwidth: { package: "bandwidth", ...plugin },
  loopback: { package: "loopback", ...plugin },
  "cni-chain": { package: "cli", flags: [], argv: ["version"], means: "version" },
};
const [chosen = `${root}/dist/bin`, ...names] = process.argv.slice(2);
const folder = resolve(chosen);

mkdirSync(folder, { recursive: true });
for (const [name, { package: source, flags, argv, means }] of Object.entries(executables)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const outfile = `${folder}/${name}`;
  compile(`${root}/packages/${source}/src/main.ts`, outfile, flags);
  deafen(outfile, process.execPath);
  const size = (statSync(outfile).size / 1e6).toFixed(1);
  console.log(
    `${relative(root, outfile)}  ${size} MB, starts in ${startUpMs(outfile, argv).toFixed(1)} ms (${means}, median of 20)`,
  );
}

/**
 * ESM bytecode and splitting are what make it start in milliseconds; the autoloads are off because the executable runs
 * as root in a directory somebody else chose. That directory may be deleted: Bun starts there only what was compiled
 * with an option, of which --no-addons is one without effect, as there are no addons.
 */
function compile(entry: string, outfile: string, more: readonly string[]): void {
  const flags = [
    "--compile",
    "--format=esm",
    "--bytecode",
    "--minify",
    "--splitting",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-tsconfig",
    "--no-compile-autoload-package-json",
    "--compile-exec-argv=--no-addons",
    ...more,
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

function startUpMs(executable: string, argv: readonly string[]): number {
  const stdin = new TextEncoder().encode('{"cniVersion":"1.0.0"}');
  const times = Array.from({ length: 20 }, () => {
    const started = performance.now();
    const { exitCode, stderr } = Bun.spawnSync([executable, ...argv], {
      env: { CNI_COMMAND: "VERSION" },
      stdin,
    });
    if (exitCode !== 0) throw new Error(`${executable} does not start:\n${stderr.toString()}`);
    return performance.now() - started;
  });
  return times.sort((a, b) => a - b)[10] ?? Number.NaN;
}
