/** One step of an installation, as data. Every step can be done again; none leaves a half-written file in use. */
export type Step =
  | { readonly kind: "directory"; readonly path: string }
  /** Copies an executable beside its place, mode 0755, root's, on the disk before the next step. */
  | { readonly kind: "copy"; readonly from: string; readonly to: string }
  /** Gives an executable a further name, beside its place; where the file system has none, copies it. */
  | { readonly kind: "link"; readonly from: string; readonly to: string }
  /** Makes sure that what was copied is whole and starts here. */
  | { readonly kind: "try"; readonly path: string; readonly type: string; readonly sha256: string }
  /** Keeps a file under a second name, without a moment in which the first is gone. */
  | { readonly kind: "keep"; readonly path: string; readonly as: string }
  /** Writes a text, atomically; owner and mode are those of `like`, where there is one. */
  | { readonly kind: "write"; readonly path: string; readonly text: string; readonly like?: string }
  /** Renames, atomically replacing what is there. */
  | { readonly kind: "move"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "removeDirectory"; readonly path: string };

/** What a step does, for `--dry-run` and for progress. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case "directory":
      return `make ${step.path}`;
    case "copy":
      return `copy ${step.from} to ${step.to}`;
    case "link":
      return `link ${step.to} to ${step.from}`;
    case "try":
      return `see that ${step.path} starts`;
    case "keep":
      return `keep ${step.path} as ${step.as}`;
    case "write":
      return `write ${step.path}`;
    case "move":
      return `rename ${step.from} to ${step.to}`;
    case "remove":
    case "removeDirectory":
      return `remove ${step.path}`;
  }
}
