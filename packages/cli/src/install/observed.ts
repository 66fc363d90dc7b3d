import type { Manifest } from "./manifest.ts";

/** What lies in a bin-dir, read before anything is planned. */
export interface Observed {
  readonly binDir: string;
  /** Undefined where nothing was ever installed, or an installation ended before it changed anything. */
  readonly manifest: Manifest | undefined;
  /** Everything in the hidden directory, by its name there; undefined if there is none. */
  readonly home: readonly string[] | undefined;
  /** SHA-256 of what lies at each plugin's place. */
  readonly present: ReadonlyMap<string, string>;
  /** Plugins over which another was written by way of a name they share a file with. */
  readonly misnamed: ReadonlySet<string>;
}

/** A conflist, as it is. */
export interface ConfListFile {
  /** Its real path: a link is edited where it leads. */
  readonly file: string;
  readonly text: string;
  readonly sha256: string;
  readonly hasOriginal: boolean;
}
