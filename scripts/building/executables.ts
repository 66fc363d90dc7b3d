/** An executable, the names it is called by, and how it is compiled. */
export interface Executable {
  /** Its own name, which is none of a file's where it has several. */
  readonly name: string;
  /** From the root of the repository. */
  readonly entry: string;
  readonly names: readonly string[];
  /** Flags of `bun build` beyond those all have. */
  readonly flags: readonly string[];
  /** The call that shows how fast it starts, and its name. */
  readonly argv: readonly string[];
  readonly means: string;
}

/**
 * The plugins are one file with three names: nearly all of it is the engine, which a node then keeps, and reads, once.
 * cni-chain has its own: its code would cost every start of a plugin 0.3 ms.
 */
export const executables: readonly Executable[] = [
  {
    name: "plugins",
    entry: "packages/plugins/src/main.ts",
    names: ["portmap", "bandwidth", "loopback"],
    // Machine code does not pay off in a process that ends before any loop is hot; cni-chain may run for days.
    flags: ["--compile-jit-policy=100"],
    argv: [],
    means: "VERSION",
  },
  {
    name: "cni-chain",
    entry: "packages/cli/src/main.ts",
    names: ["cni-chain"],
    flags: [],
    argv: ["version"],
    means: "version",
  },
];
