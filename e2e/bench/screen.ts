/** Prints lines, and on a terminal what is going on below them. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  line(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  /** Stands until the next line or transient comes. */
  transient(text: string): void {
    if (this.#stream.isTTY !== true) return;
    this.#clear();
    this.#stream.write(text.slice(0, Math.max(0, this.#stream.columns - 1)));
  }

  #clear(): void {
    if (this.#stream.isTTY === true) this.#stream.write("\r\x1b[K");
  }
}
