/** Something in a layer. Paths have no slash in front; everything belongs to root and has no date. */
export type Entry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  /** A copy of a file of this machine, whatever its own owner and mode. */
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly from: string }
  | { readonly kind: "text"; readonly path: string; readonly mode: number; readonly text: string }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  /** A second name of a file that comes before it in the layer, with its mode: who unpacks it sets that once more. */
  | { readonly kind: "hardlink"; readonly path: string; readonly mode: number; readonly target: string };
