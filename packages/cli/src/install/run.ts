import { existsSync } from "node:fs";
import { Failure, UsageError } from "../failure.ts";
import { printable } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import { alone } from "./alone.ts";
import { nameSaid, whyNoPlugin } from "./ask-plugin.ts";
import { carryOut, type Means } from "./carry-out.ts";
import { realDisk } from "./disk.ts";
import { diskFailure } from "./disk-failure.ts";
import { editConfList } from "./edit.ts";
import { appendable } from "./edit-conf-list.ts";
import { confListLayout } from "./layout.ts";
import { observe, observeConfigured, observeConfList, observeSources } from "./observe.ts";
import { planInstall } from "./plan-install.ts";
import { planUninstall } from "./plan-uninstall.ts";
import { hashing } from "./sha256.ts";
import { describeStep, type Step } from "./steps.ts";

export interface InstallOptions {
  readonly types: readonly string[];
  readonly binDir: string;
  readonly from: string;
  readonly confList?: { readonly file: string; readonly types: readonly string[] };
  readonly dryRun: boolean;
}

export interface UninstallOptions {
  readonly binDir: string;
  readonly confDir: string;
  readonly force: boolean;
  readonly dryRun: boolean;
}

/** What was done, or would be, for a person and for a program. */
interface Done {
  /** Whether anything was, or would be, done. */
  readonly changed: boolean;
  readonly text: string;
  readonly json: object;
}

type InstallMeans = Means & { finished?: () => void };

/** Reads "portmap,bandwidth". Throws UsageError. */
export function readAppend(text: string): string[] {
  const types = text.split(",").map((type) => type.trim());
  const wrong = types.filter((type) => !appendable.includes(type));
  if (wrong.length === 0) return types;
  throw new UsageError(`--append ${text}: only ${appendable.join(" and ")} can be appended`);
}

/** Plans and, unless it is a dry run, installs. Throws Failure, with nothing in use changed but by whole steps. */
export function runInstall(
  options: InstallOptions,
  terminal: Terminal,
  means = processMeans(terminal),
): Promise<Done> {
  const run = () => installAlone(options, means);
  return options.dryRun ? run() : alone(options.binDir, run);
}

async function installAlone(options: InstallOptions, means: InstallMeans): Promise<Done> {
  const { types, binDir, from, confList, dryRun } = options;
  try {
    const sha256Of = hashing();
    const observed = await observe(binDir, sha256Of, means.nameSaid);
    const sources = observeSources(from, types, observed.binDir, sha256Of);
    const file = confList === undefined ? undefined : observeConfList(confList.file);
    const edit = file === undefined ? undefined : editConfList(file, confList?.types ?? []);
    const plan = planInstall(observed, sources, edit);
    if (!dryRun) await carryOut(plan.steps, means, sha256Of);
    const lines = plan.plugins.map(({ type, action, kept }) => {
      const was =
        kept === undefined ? "" : `; what was there before is ${dryRun ? "to be " : ""}kept as ${kept}`;
      const what = { install: "installed", upgrade: "upgraded", mend: mended, leave: "there already" }[
        action
      ];
      return `${observed.binDir}/${type}: ${what}${was}`;
    });
    if (file !== undefined) {
      const { original } = confListLayout(file.file);
      const what =
        edit === undefined
          ? "has the plugins already"
          : `${edit.appended.join(", ")} appended; the file before is kept as ${original}`;
      lines.push(`${file.file}: ${what}`);
    }
    return done(lines, plan.steps, dryRun, {
      binDir: observed.binDir,
      plugins: plan.plugins.map(({ type, action, kept }) => ({ type, action, kept: kept ?? null })),
      conflist: file === undefined ? null : { file: file.file, appended: edit?.appended ?? [] },
    });
  } catch (error) {
    throw diskFailure(error);
  } finally {
    means.finished?.();
  }
}

/** Puts back what was there before. Throws Failure where a configuration would be left without its plugin, unless forced. */
export function runUninstall(
  options: UninstallOptions,
  terminal: Terminal,
  means = processMeans(terminal),
): Promise<Done> {
  const run = () => uninstallAlone(options, means);
  return options.dryRun ? run() : alone(options.binDir, run);
}

async function uninstallAlone(options: UninstallOptions, means: InstallMeans): Promise<Done> {
  const { binDir, confDir, force, dryRun } = options;
  try {
    const observed = await observe(binDir, hashing(), means.nameSaid);
    const plan = planUninstall(observed, observeConfigured(confDir, observed.manifest));
    if (plan.broken.length > 0 && !force) {
      throw new Failure("a configuration would name a plugin that is gone; nothing was changed", [
        ...plan.broken.map(({ file, type }) => `${file} has ${type}, and there was none before to put back`),
        "Take the plugins out of it first, or give --force.",
      ]);
    }
    if (!dryRun) await carryOut(plan.steps, means);
    const pluginWords = {
      restore: "what was there before is back",
      remove: "removed",
      leave: "left as it is: not the one that was installed",
    };
    const confWords = {
      restore: "as it was before",
      edit: "what was appended is taken out; later changes stay",
      leave: "left as it is: nothing that was appended is in it",
    };
    const lines = [
      ...plan.confLists.map(({ file, action }) => `${file}: ${confWords[action]}`),
      ...plan.plugins.map(({ type, action }) => `${observed.binDir}/${type}: ${pluginWords[action]}`),
    ];
    if (lines.length === 0) lines.push(`${observed.binDir}: nothing is installed here`);
    const { plugins, confLists } = plan;
    return done(lines, plan.steps, dryRun, { binDir: observed.binDir, plugins, conflists: confLists });
  } catch (error) {
    throw diskFailure(error);
  } finally {
    means.finished?.();
  }
}

function done(lines: readonly string[], steps: readonly Step[], dryRun: boolean, more: object): Done {
  const described = steps.map(describeStep);
  const text = dryRun
    ? [
        "Nothing was changed. It would become:",
        ...lines,
        ...(described.length === 0 ? [] : ["by these steps:"]),
        ...described.map((one) => `  ${one}`),
      ]
    : [...lines, ...(steps.length > 0 && existsSync("/sys/fs/selinux/enforce") ? [labels] : [])];
  return {
    changed: steps.length > 0,
    text: `${text.map(printable).join("\n")}\n`,
    json: { dryRun, ...more, steps: described },
  };
}

const mended = "installed again; another plugin had been written over it and those that are one file with it";

const labels = "SELinux is on: give the files their labels with restorecon -R, on the directory above.";

/** The process's own disk; progress is drawn over on a terminal. */
function processMeans(terminal: Terminal): InstallMeans {
  const means = { disk: realDisk, whyNoPlugin: whyNoPlugin(), nameSaid: nameSaid() };
  if (!terminal.errIsTerminal) return means;
  return {
    ...means,
    progress: (step) => terminal.tell(`\r\u001b[K${printable(describeStep(step))}`),
    finished: () => terminal.tell("\r\u001b[K"),
  };
}
