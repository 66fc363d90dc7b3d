/** Every version of the CNI specification this project speaks, oldest first. */
export const cniVersions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

export type CniVersion = (typeof cniVersions)[number];

/** True for a version this project speaks. */
export function isCniVersion(value: unknown): value is CniVersion {
  const known: readonly unknown[] = cniVersions;
  return known.includes(value);
}

/** By their order in time. */
export function isAtLeast(version: CniVersion, least: CniVersion): boolean {
  return cniVersions.indexOf(version) >= cniVersions.indexOf(least);
}
