import { readFileSync, statSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { exec } from "../lib/process.ts";
import { type Installation, ours, reference } from "../lib/reference.ts";
import { searchPath } from "../lib/tools.ts";

/** Where and with what was measured. */
export interface About {
  readonly date: string;
  readonly kernel: string;
  readonly iptables: string;
  readonly cores: number;
  readonly processor: string;
  readonly ours: string;
  readonly reference: string;
  /** Sizes of the executables: bytes. */
  readonly sizes: readonly { readonly plugin: string; readonly ours: number; readonly reference: number }[];
}

export async function lookAround(): Promise<About> {
  const [cpu] = cpus();
  const size = ({ directory }: Installation, plugin: string) => statSync(join(directory, plugin)).size;
  return {
    date: new Date().toISOString().slice(0, 10),
    kernel: release(),
    iptables: (await said(["iptables", "--version"])).replace(/^iptables v?| \(.*$/g, ""),
    cores: cpus().length,
    processor: cpu?.model.trim() ?? "unknown",
    ours: ourVersion(),
    reference: await referenceVersion(),
    sizes: ["portmap", "bandwidth", "loopback"].map((plugin) => ({
      plugin,
      ours: size(ours, plugin),
      reference: size(reference, plugin),
    })),
  };
}

function ourVersion(): string {
  const file = join(import.meta.dirname, "..", "..", "package.json");
  const { name, version }: { readonly name: string; readonly version: string } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  return `${name} ${version}`;
}

/** A plugin without CNI_COMMAND names its version on standard error; Debian's package knows it where that does not. */
async function referenceVersion(): Promise<string> {
  const file = join(reference.directory, "portmap");
  const { stderr } = await exec([file]);
  const [, own] = /plugin v?(\d\S*)/.exec(stderr) ?? [];
  const packaged = await said([
    "dpkg-query",
    "--show",
    "--showformat=$" + "{Version}",
    "containernetworking-plugins",
  ]);
  return `containernetworking/plugins ${own ?? (packaged === "" ? "of unknown version" : packaged)}`;
}

/** The first line of a command's output; empty if it cannot be run. */
async function said(argv: readonly string[]): Promise<string> {
  const [file = "", ...rest] = argv;
  const found = Bun.which(file, { PATH: searchPath });
  if (found === null) return "";
  const { stdout } = await exec([found, ...rest]);
  return stdout.split("\n")[0] ?? "";
}
