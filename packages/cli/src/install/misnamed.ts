import { statSync } from "node:fs";

/** Everything that is ours to install. */
export const installable: readonly string[] = ["portmap", "bandwidth", "loopback"];

/** What a plugin calls itself without a command; undefined where it does not say. */
export type NameSaid = (path: string) => Promise<string | undefined>;

/** A plugin's place with a file that has the names of other plugins, too, but is not this plugin. */
export interface Misnamed {
  readonly type: string;
  /** What it says it is. */
  readonly says: string | undefined;
  /** The names it has, this one among them. */
  readonly names: readonly string[];
}

/**
 * Ours are one file under several names. Whoever writes into it by one of them, as a plain `cp` does, has written all,
 * and what lies there then answers as what was written, whatever its name.
 */
export async function misnamedIn(binDir: string, nameSaid: NameSaid): Promise<readonly Misnamed[]> {
  const files = Map.groupBy(
    installable.filter((type) => fileAt(`${binDir}/${type}`) !== undefined),
    (type) => fileAt(`${binDir}/${type}`),
  );
  const shared = [...files.values()].filter((names) => names.length > 1);
  const all = await Promise.all(
    shared.flatMap((names) =>
      names.map(async (type) => ({ type, says: await nameSaid(`${binDir}/${type}`), names })),
    ),
  );
  return all.filter(({ type, says }) => says !== type);
}

/** Tells one file from another. */
function fileAt(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true });
  return found?.isFile() === true ? `${found.dev} ${found.ino}` : undefined;
}

/** From what plugins of CNI say on standard error where there is no command: `CNI portmap plugin v1.1.1`. */
export const nameIn = (stderr: string): string | undefined => /^CNI (\S+) plugin\b/m.exec(stderr)?.[1];
