import { confListLayout, layout } from "./layout.ts";
import { type InstalledPlugin, type Manifest, printManifest } from "./manifest.ts";
import type { ConfListFile, Observed } from "./observed.ts";
import type { Step } from "./steps.ts";

/** A plugin to be installed: its executable, and the SHA-256 of that. */
export interface SourcePlugin {
  readonly type: string;
  readonly path: string;
  readonly sha256: string;
}

/** A conflist and what becomes of it. */
export interface ConfListEdit {
  readonly before: ConfListFile;
  readonly text: string;
  readonly sha256: string;
  readonly appended: readonly string[];
}

/** `mend`: it was ours, and another plugin was written over it together with those it shares a file with. */
type Action = "install" | "upgrade" | "mend" | "leave";

export interface InstallPlan {
  readonly plugins: readonly {
    readonly type: string;
    readonly action: Action;
    /** Where somebody else's plugin is kept. */
    readonly kept?: string;
  }[];
  readonly steps: readonly Step[];
}

/**
 * All that takes space comes first and beside what is in use, what has the same content once; then what was there is kept, and the manifest says so; the
 * conflist is prepared beside its place, which only the manifest tells an uninstall of; only then each plugin is renamed
 * into its place, and last the conflist that names them.
 */
export function planInstall(
  observed: Observed,
  sources: readonly SourcePlugin[],
  edit?: ConfListEdit,
): InstallPlan {
  const at = layout(observed.binDir);
  const known = observed.manifest ?? { plugins: {}, confLists: {} };
  const decided = sources.map((source) => ({
    source,
    ...decide(source, observed, known.plugins[source.type]),
  }));
  const fresh = decided.filter(({ action }) => action !== "leave");
  const confList = edit === undefined ? undefined : confListSteps(edit, known);
  const manifest: Manifest = {
    plugins: {
      ...known.plugins,
      ...Object.fromEntries(decided.map(({ source, entry }) => [source.type, entry])),
    },
    confLists: { ...known.confLists, ...confList?.entry },
  };
  const unchanged = observed.manifest !== undefined && printManifest(manifest) === printManifest(known);
  const steps: Step[] = [
    ...leftovers(
      observed,
      fresh.map(({ source }) => source.type),
    ),
    { kind: "directory", path: at.home },
    ...broughtSteps(decided, at),
    ...fresh
      .filter(({ foreign }) => foreign)
      .map(({ source: { type } }): Step => ({ kind: "keep", path: at.plugin(type), as: at.replaced(type) })),
    { kind: "write", path: at.manifest, text: printManifest(manifest) },
    ...(confList?.prepare ?? []),
    ...fresh.map(
      ({ source: { type } }): Step => ({ kind: "move", from: at.fresh(type), to: at.plugin(type) }),
    ),
    ...(confList?.finish ?? []),
  ];
  return {
    plugins: decided.map(({ source: { type }, action, entry }) => ({
      type,
      action,
      ...(entry.replaced ? { kept: at.replaced(type) } : {}),
    })),
    steps: unchanged && fresh.length === 0 && confList === undefined ? leftovers(observed, []) : steps,
  };
}

/** One file for each content: what lies in its place already gets further names, too. */
function broughtSteps(
  decided: readonly (Pick<Decision, "action"> & { readonly source: SourcePlugin })[],
  at: ReturnType<typeof layout>,
): Step[] {
  const files = new Map(
    decided
      .filter(({ action }) => action === "leave")
      .map(({ source: { type, sha256 } }) => [sha256, at.plugin(type)]),
  );
  return decided
    .filter(({ action }) => action !== "leave")
    .flatMap(({ source: { type, path, sha256 } }): Step[] => {
      const to = at.fresh(type);
      const same = files.get(sha256);
      if (same === undefined) files.set(sha256, to);
      return [
        same === undefined ? { kind: "copy", from: path, to } : { kind: "link", from: same, to },
        { kind: "try", path: to, type, sha256 },
      ];
    });
}

interface Decision {
  readonly action: Action;
  /** What lies there now is somebody else's. */
  readonly foreign: boolean;
  readonly entry: InstalledPlugin;
}

function decide({ type, sha256 }: SourcePlugin, observed: Observed, known?: InstalledPlugin): Decision {
  const present = observed.present.get(type);
  const ours = [...new Set([...(known?.ours ?? []), sha256])];
  if (present === sha256) {
    return { action: "leave", foreign: false, entry: { ours, replaced: known?.replaced ?? false } };
  }
  if (present === undefined) {
    return { action: "install", foreign: false, entry: { ours, replaced: known?.replaced ?? false } };
  }
  // An older one of ours: what that replaced stays kept.
  if (known?.ours.includes(present)) {
    return { action: "upgrade", foreign: false, entry: { ours, replaced: known.replaced } };
  }
  // Not what somebody meant for this place; what ours had replaced stays kept.
  if (known !== undefined && observed.misnamed.has(type)) {
    return { action: "mend", foreign: false, entry: { ours, replaced: known.replaced } };
  }
  return { action: "install", foreign: true, entry: { ours, replaced: true } };
}

function confListSteps({ before, text, sha256, appended }: ConfListEdit, known: Manifest) {
  const { file } = before;
  const at = confListLayout(file);
  const entry = known.confLists[file];
  const oursNow = entry?.edited.includes(before.sha256) === true && before.hasOriginal;
  const prepare: Step[] = [{ kind: "write", path: at.fresh, text, like: file }];
  // A text of ours is no original: that is kept already.
  if (!oursNow) prepare.push({ kind: "keep", path: file, as: at.original });
  return {
    entry: {
      [file]: {
        edited: [...new Set([...(entry?.edited ?? []), sha256])],
        appended: [...new Set([...(oursNow ? entry.appended : []), ...appended])],
      },
    },
    prepare,
    finish: [{ kind: "move", from: at.fresh, to: file }] satisfies Step[],
  };
}

/** What an installation that was cut short has copied and this one does not copy anew. */
function leftovers(observed: Observed, copied: readonly string[]): Step[] {
  const at = layout(observed.binDir);
  return (observed.home ?? [])
    .filter((name) => name.endsWith(".new") && !copied.includes(name.slice(0, -".new".length)))
    .map((name) => ({ kind: "remove", path: `${at.home}/${name}` }));
}
