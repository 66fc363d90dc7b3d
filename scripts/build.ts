// Compiles the plugins and cni-chain into self-contained executables under dist/bin, or another folder that is named,
// and prints what they measure. Names behind the folder are those to make; all without.
import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { type Executable, executables } from "./building/executables.ts";
import { make } from "./building/make.ts";

const root = resolve(import.meta.dir, "..");
const [chosen = `${root}/dist/bin`, ...wanted] = process.argv.slice(2);
const folder = resolve(chosen);
const arch = process.arch === "arm64" ? "arm64" : "x64";

for (const executable of executables) {
  const names = executable.names.filter((name) => wanted.length === 0 || wanted.includes(name));
  const [first] = names;
  if (first === undefined) continue;
  make(root, executable, names, folder, { arch, path: process.execPath });
  const size = (statSync(`${folder}/${first}`).size / 1e6).toFixed(1);
  const files = names.map((name) => relative(root, `${folder}/${name}`)).join(" = ");
  console.log(
    `${files}  ${size} MB, starts in ${startUpMs(`${folder}/${first}`, executable).toFixed(1)} ms (${executable.means}, median of 20)`,
  );
}

function startUpMs(file: string, { argv }: Executable): number {
  const stdin = new TextEncoder().encode('{"cniVersion":"1.0.0"}');
  const times = Array.from({ length: 20 }, () => {
    const started = performance.now();
    const { exitCode, stderr } = Bun.spawnSync([file, ...argv], {
      env: { CNI_COMMAND: "VERSION" },
      stdin,
    });
    if (exitCode !== 0) throw new Error(`${file} does not start:\n${stderr.toString()}`);
    return performance.now() - started;
  });
  return times.sort((a, b) => a - b)[10] ?? Number.NaN;
}
