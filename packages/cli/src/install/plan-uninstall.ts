import { removePlugins, typesIn } from "./edit-conf-list.ts";
import { confListLayout, layout } from "./layout.ts";
import type { EditedConfList, InstalledPlugin } from "./manifest.ts";
import type { ConfListFile, Observed } from "./observed.ts";
import type { Step } from "./steps.ts";

export interface UninstallPlan {
  readonly plugins: readonly {
    readonly type: string;
    /** `leave`: what lies there is not ours any more, or nothing does. */
    readonly action: "restore" | "remove" | "leave";
  }[];
  readonly confLists: readonly {
    readonly file: string;
    /** `edit`: somebody changed it since, so that only what was appended goes. */
    readonly action: "restore" | "edit" | "leave";
  }[];
  /** Configurations that would be left with a plugin that is gone: nothing may be done. */
  readonly broken: readonly { readonly file: string; readonly type: string }[];
  readonly steps: readonly Step[];
}

/**
 * Conflists first, so that none names a plugin that is gone; then the plugins; the manifest last, so that an
 * uninstallation that was cut short can be run again.
 * @param configured every configuration a runtime loads, and the conflists of the manifest that are still there
 */
export function planUninstall(observed: Observed, configured: readonly ConfListFile[]): UninstallPlan {
  const at = layout(observed.binDir);
  const manifest = observed.manifest ?? { plugins: {}, confLists: {} };
  const byFile = new Map(configured.map((one) => [one.file, one]));
  const confLists = Object.entries(manifest.confLists).map(([file, entry]) => ({
    file,
    ...undoEdit(file, entry, byFile.get(file)),
  }));
  const plugins = Object.entries(manifest.plugins).map(([type, entry]) => ({
    type,
    ...undoPlugin(type, entry, observed),
  }));
  const removed = plugins.filter(({ action }) => action === "remove").map(({ type }) => type);
  const after = new Map(confLists.flatMap(({ file, text }) => (text === undefined ? [] : [[file, text]])));
  const broken = configured.flatMap(({ file, text }) => {
    const left = after.get(file) ?? text;
    return removed.filter((type) => names(left, type)).map((type) => ({ file, type }));
  });
  const home = observed.home ?? [];
  const last = home.filter((name) => name === "manifest.json");
  const others = home.filter((name) => name !== "manifest.json");
  const moved = new Set(
    plugins.filter(({ action }) => action === "restore").map(({ type }) => at.replaced(type)),
  );
  const clear = (name: string): Step[] =>
    moved.has(`${at.home}/${name}`) ? [] : [{ kind: "remove", path: `${at.home}/${name}` }];
  return {
    plugins: plugins.map(({ type, action }) => ({ type, action })),
    confLists: confLists.map(({ file, action }) => ({ file, action })),
    broken,
    steps: [
      ...confLists.flatMap(({ steps }) => steps),
      ...plugins.flatMap(({ steps }) => steps),
      ...[...others, ...last].flatMap(clear),
      ...(observed.home === undefined ? [] : [{ kind: "removeDirectory", path: at.home } as const]),
    ],
  };
}

function undoPlugin(type: string, { ours, replaced }: InstalledPlugin, observed: Observed) {
  const at = layout(observed.binDir);
  const present = observed.present.get(type);
  const isKept = replaced && observed.home?.includes(`${type}.replaced`) === true;
  // Where nothing is kept, what was written over ours stays: it may have been meant for this place.
  const isForeign = present !== undefined && !ours.includes(present);
  if (isForeign && !(isKept && observed.misnamed.has(type))) return { action: "leave", steps: [] } as const;
  if (isKept) {
    const steps: Step[] = [{ kind: "move", from: at.replaced(type), to: at.plugin(type) }];
    return { action: "restore", steps } as const;
  }
  if (present === undefined) return { action: "leave", steps: [] } as const;
  const steps: Step[] = [{ kind: "remove", path: at.plugin(type) }];
  return { action: "remove", steps } as const;
}

function undoEdit(file: string, { edited, appended }: EditedConfList, now: ConfListFile | undefined) {
  const at = confListLayout(file);
  const clear = [at.fresh, at.original].flatMap((path): Step[] => [
    { kind: "remove", path: `${path}.part` },
    { kind: "remove", path },
  ]);
  if (now === undefined) return { action: "leave", steps: clear } as const;
  const text = without(now.text, appended);
  if (edited.includes(now.sha256) && now.hasOriginal) {
    const steps: Step[] = [{ kind: "move", from: at.original, to: file }, ...clear];
    return { action: "restore", text, steps } as const;
  }
  if (text === now.text) return { action: "leave", steps: clear } as const;
  const steps: Step[] = [
    { kind: "write", path: at.fresh, text, like: file },
    { kind: "move", from: at.fresh, to: file },
    ...clear,
  ];
  return { action: "edit", text, steps } as const;
}

/** A text that is no JSON stays as it is. */
function without(text: string, types: readonly string[]): string {
  try {
    return removePlugins(text, types);
  } catch {
    return text;
  }
}

function names(text: string, type: string): boolean {
  try {
    return typesIn(text)?.includes(type) === true;
  } catch {
    // No runtime loads it either.
    return false;
  }
}
