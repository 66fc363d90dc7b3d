/** Something of somebody's that an executable is made of. */
export interface Component {
  readonly name: string;
  /** A version, or the revision it was built from; empty where it tells neither. */
  readonly version: string;
  /** An SPDX expression where there is one, else in words. */
  readonly licence: string;
}

/** What an executable is made of, as scripts/build found it in the bundle. */
export interface Inside {
  readonly version: string;
  readonly licence: string;
  /** As in "linux-x64". */
  readonly platform: string;
  readonly packages: readonly Component[];
  /** Bun, and what it is made of itself. */
  readonly engine: readonly Component[];
}

declare global {
  /** Stands for what scripts/build puts in its place. */
  var CNI_CHAIN_INSIDE: Inside | undefined;
}

/** The answer of this executable to --about, with a line end. */
export function aboutThis(program: string): string {
  // A name that nobody has put anything in the place of is not even undefined.
  return aboutText(program, typeof CNI_CHAIN_INSIDE === "undefined" ? undefined : CNI_CHAIN_INSIDE);
}

/** Program, version and platform, and a table of all that is inside; undefined stands for a program run from its sources. */
export function aboutText(program: string, inside: Inside | undefined): string {
  if (inside === undefined) return `${program}: run from its sources, nothing is inside\n`;
  const { version, licence, platform, packages, engine } = inside;
  const width = Math.max(...[...packages, ...engine].map(({ name }) => name.length));
  const versionWidth = Math.max(...[...packages, ...engine].map((one) => one.version.length));
  const row = (one: Component) =>
    `  ${one.name.padEnd(width)}  ${(one.version || "-").padEnd(versionWidth)}  ${one.licence}`;
  return [
    `${program} ${version} (${platform}), ${licence}`,
    "",
    "Packages inside:",
    ...packages.map(row),
    "",
    "The engine, and what is in it:",
    ...engine.map(row),
    "",
  ].join("\n");
}
