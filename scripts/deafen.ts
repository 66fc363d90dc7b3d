import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

/** Variables by which somebody else would have a say in what a Bun executable does, and no flag of its compiler ends that. */
const names = [
  // Turns it into the `bun` command.
  "BUN_BE_BUN",
  // Flags, a file to preload among them; and another such file, and debuggers to connect to or to wait for.
  "BUN_OPTIONS",
  "BUN_INSPECT",
  // A descriptor to take messages from, as a child of Node's.
  "NODE_CHANNEL_FD",
  // Files to write.
  "BUN_BYTECODE_DIGEST_OUT",
  "BUN_BYTECODE_ORDER_OUT",
  "BUN_BYTECODE_ORDER_NAMES_OUT",
  // Where a crash is told to.
  "BUN_CRASH_REPORT_URL",
  "BUN_ENABLE_CRASH_REPORTING",
  // Kills what it has started, and itself with its parent.
  "BUN_FEATURE_FLAG_NO_ORPHANS",
  // Ends it at start where the value is not one it knows.
  "SIMDUTF_FORCE_IMPLEMENTATION",
  "JSC_SIGNAL_FOR_GC",
];

/** Not in a Bun for arm64, which has but one implementation and asks nobody. */
const x64Alone: readonly string[] = ["SIMDUTF_FORCE_IMPLEMENTATION"];

/** What begins the options of the engine: they write files where they are told to, and an unknown one ends the process. */
const prefix = "BUN_JSC_";

/**
 * Makes an executable deaf to these variables. Names are taken out by a NUL in the place of their first letter. The
 * prefix is compared in code, letter by letter, with a jump to the next variable where one is another: that jump is taken
 * always. Tests try all of them on the result. Throws where they are not found as they are known to be.
 * @param engine the Bun it was made from, which has at the same places what is not the program's own
 */
export function deafen(executable: string, engine: string): void {
  const [bytes, original] = [readFileSync(executable), readFileSync(engine)];
  // Of an ELF header, e_machine: EM_AARCH64.
  const isArm64 = original.readUInt16LE(18) === 183;
  for (const name of names) {
    if (isArm64 && x64Alone.includes(name) && !original.includes(name)) continue;
    const places = placesOf(name, original).filter((at) => bytes.indexOf(name, at) === at);
    if (places.length === 0)
      throw new Error(`${name} is not in ${executable}: this Bun has it elsewhere, look again`);
    for (const at of places) bytes[at] = 0;
  }
  const comparisons = [...x64Comparisons(bytes), ...arm64Comparisons(bytes)];
  if (comparisons.length !== 1) {
    const found = `compared in ${comparisons.length} places of ${executable}`;
    throw new Error(`${prefix} is ${found}: this Bun does it in another way, look again`);
  }
  for (const change of comparisons) change();
  rewrite(executable, bytes);
}

/** Where a name stands, but behind a dot: there it is JavaScript's, which a NUL would break. */
function placesOf(name: string, bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) {
    if (bytes[at - 1] !== ".".charCodeAt(0)) places.push(at);
  }
  return places;
}

/**
 * As a new file, in one piece, as whoever installs it copies it. Over the old one, whose pages the compiler has brought
 * into the cache one by one, page faults map them one by one, and that costs every start 1.5 ms.
 */
function rewrite(executable: string, bytes: Uint8Array): void {
  const { mode } = statSync(executable);
  rmSync(executable);
  writeFileSync(executable, bytes, { mode });
}

/**
 * `cmp byte [r+n], letter; jne next` for each letter. Gives what makes the first jump one that is always taken
 * (Intel's manual: JNE rel8 is 75, JMP rel8 EB).
 */
function x64Comparisons(bytes: Buffer): (() => void)[] {
  const [first = "", ...others] = [...prefix].map((letter) => letter.charCodeAt(0).toString(16));
  const more = others
    .map((letter, n) => `\\x41?\\x80[\\x78-\\x7f]\\x24?\\x0${n + 1}\\x${letter}\\x75[^]`)
    .join("");
  const code = new RegExp(`\\x80[\\x38-\\x3f]\\x24?\\x${first}\\x75[^]${more}`, "g");
  return [...bytes.toString("latin1").matchAll(code)].map(({ 0: { length }, index }) => {
    const jump = bytes.indexOf(0x75, index);
    if (jump < 0 || jump > index + length) throw new Error("a comparison without a jump");
    return () => bytes.writeUInt8(0xeb, jump);
  });
}

/**
 * `cmp w, letter; b.ne next` for each letter, with the load of the next one between. Gives what makes the first branch
 * one that is always taken (Arm's manual, A64: B.cond has 19 bits of offset, B has 26).
 */
function arm64Comparisons(bytes: Buffer): (() => void)[] {
  const letters = [...prefix].map((letter) => letter.charCodeAt(0));
  const compares = (at: number, letter: number) =>
    (bytes.readUInt32LE(at) & 0xfffffc1f) >>> 0 === 0x7100001f + letter * 0x400;
  const branches = (at: number) => (bytes.readUInt32LE(at) & 0xff00001f) >>> 0 === 0x54000001;
  const isHere = (start: number) =>
    letters.every((letter, n) => compares(start + n * 12, letter) && branches(start + n * 12 + 4));
  const found: (() => void)[] = [];
  for (let at = 0; at + letters.length * 12 <= bytes.length; at += 4) {
    if (!compares(at, letters[0] ?? 0) || !isHere(at)) continue;
    const offset = (bytes.readInt32LE(at + 4) << 8) >> 13;
    found.push(() => bytes.writeUInt32LE((0x14000000 | (offset & 0x3ffffff)) >>> 0, at + 4));
  }
  return found;
}
