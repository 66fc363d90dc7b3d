/** What became of an expectation, with a few words on what was seen. */
export interface Outcome {
  readonly ok: boolean;
  readonly detail: string;
  /** Lines to print below, as they are. */
  readonly below?: readonly string[];
}

interface Section {
  readonly title: string;
  readonly outcomes: { readonly label: string; readonly outcome: Outcome }[];
}

/** Prints expectations as they are met or not, and counts them. Moves the cursor and colours only on a terminal. */
export class Report {
  readonly #sections: Section[] = [];
  readonly #terminal = process.stdout.isTTY === true;
  readonly #colour = this.#terminal && (process.env["NO_COLOR"] ?? "") === "";
  readonly width = Math.min(process.stdout.columns ?? 80, 120);

  get failed(): boolean {
    return this.#outcomes.some(({ ok }) => !ok);
  }

  get #outcomes(): readonly Outcome[] {
    return this.#sections.flatMap(({ outcomes }) => outcomes.map(({ outcome }) => outcome));
  }

  line(text = ""): void {
    process.stdout.write(`${text}\n`);
  }

  section(title: string): void {
    this.#sections.push({ title, outcomes: [] });
    this.line();
    this.line(this.#paint(title, "1"));
  }

  /** Shows a label while the work goes on, then its outcome in the same place. A throw is a failed outcome. */
  async expect(
    label: string,
    work: (progress: (text: string) => void) => Promise<Outcome>,
  ): Promise<boolean> {
    this.#transient(`  · ${label}`);
    const outcome = await work((text) => this.#transient(`  · ${label}  ${text}`)).catch(failure);
    this.#transient("");
    const sign = outcome.ok ? this.#paint("✓", "32") : this.#paint("✗", "31");
    const fits = outcome.detail.length <= this.width - Math.max(label.length, labelWidth) - 6;
    const beside = fits ? `  ${outcome.ok ? this.#paint(outcome.detail, "2") : outcome.detail}` : "";
    this.line(`  ${sign} ${label.padEnd(labelWidth)}${beside}`.trimEnd());
    for (const below of fits ? [] : wrap(outcome.detail, this.width - 6)) this.line(`      ${below}`);
    for (const below of outcome.below ?? []) this.line(`    ${below}`);
    this.#sections.at(-1)?.outcomes.push({ label, outcome });
    return outcome.ok;
  }

  /** The table of all sections, and what failed once more, by name. */
  summary(): void {
    this.section("Summary");
    for (const { title, outcomes } of this.#sections) {
      if (outcomes.length === 0) continue;
      const failed = outcomes.filter(({ outcome }) => !outcome.ok);
      const sign = failed.length === 0 ? this.#paint("✓", "32") : this.#paint("✗", "31");
      const count = `${outcomes.length - failed.length} of ${outcomes.length}`;
      this.line(`  ${sign} ${title.padEnd(labelWidth)}  ${count}`);
      for (const { label } of failed) this.line(`      ✗ ${label}`);
    }
    const [all, bad] = [this.#outcomes.length, this.#outcomes.filter(({ ok }) => !ok).length];
    this.line();
    this.line(
      bad === 0 ? `All ${all} expectations were met.` : `${bad} of ${all} expectations were not met.`,
    );
  }

  #transient(text: string): void {
    if (this.#terminal) process.stdout.write(`\r\x1b[K${clip(text, this.width - 1)}`);
  }

  #paint(text: string, code: string): string {
    return this.#colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

const labelWidth = 37;

function failure(error: unknown): Outcome {
  return { ok: false, detail: error instanceof Error ? error.message : String(error) };
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Breaks text at blanks; the lines that continue another are indented. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > width) {
        lines.push(line);
        line = `  ${word}`;
      } else line = line === "" ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}
