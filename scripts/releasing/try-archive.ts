import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";

/** How executables of another architecture are run: an emulator, and where their C library is. */
const emulators: Readonly<Record<string, readonly [emulator: string, libraries: string, packages: string]>> =
  {
    arm64: ["qemu-aarch64", "/usr/aarch64-linux-gnu", "qemu-user libc6-arm64-cross"],
    x64: ["qemu-x86_64", "/usr/x86_64-linux-gnu", "qemu-user libc6-amd64-cross"],
  };

/** Why executables of an architecture cannot be run here; undefined where they can. */
export function whyNotRun(arch: string): string | undefined {
  if (arch === process.arch) return undefined;
  const [emulator = "", libraries = "", packages = ""] = emulators[arch] ?? [];
  const there = Bun.which(emulator) !== null && existsSync(libraries);
  return there ? undefined : `no ${packages} here`;
}

/**
 * Unpacks an archive as a node does, and runs every executable of it: does it start, and is it what its archive says?
 * Gives the bytes it takes on a disk, counting a file with several names once. Throws where anything is amiss.
 */
export function tryArchive(archive: string, arch: string, version: string): number {
  const folder = mkdtempSync(join(tmpdir(), "cni-chain-release-"));
  try {
    run(["tar", "-xzf", archive, "-C", folder]);
    const [emulator = "", libraries = ""] = emulators[arch] ?? [];
    const under = arch === process.arch ? [] : [emulator, "-L", libraries];
    const answer = (name: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const { stdout, stderr } = run([...under, join(folder, name), ...argv], { env, stdin: "{}" });
      return stdout + stderr;
    };
    const expect = (name: string, text: string, wanted: string) => {
      if (!text.includes(wanted)) throw new Error(`${archive}: ${name} does not say ${wanted}:\n${text}`);
    };
    if (whyNotRun(arch) === undefined) {
      for (const name of ["portmap", "bandwidth", "loopback"]) {
        expect(name, answer(name, [], { CNI_COMMAND: "VERSION" }), '"supportedVersions"');
        expect(name, answer(name, []), `CNI ${name} plugin v${version}\n`);
        expect(name, answer(name, ["--about"]), `${name} ${version} (linux-${arch})`);
      }
      expect("cni-chain", answer("cni-chain", ["version"]), `cni-chain ${version}\n`);
      expect("cni-chain", answer("cni-chain", ["--about"]), `cni-chain ${version} (linux-${arch})`);
    }
    return Number(run(["du", "--bytes", "--summarize", folder]).stdout.split("\t")[0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
