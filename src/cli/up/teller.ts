/** Tells the person at the terminal what happens: a line of text each, or JSON lines with `--json`. */
export class Teller {
  readonly #json: boolean;

  constructor(json: boolean) {
    this.#json = json;
  }

  /** A plain sentence. */
  say(text: string): void {
    this.#write({ type: 'message', text }, text);
  }

  /** Something with figures for programs, and a text for people. */
  tell(type: string, data: object, text: string): void {
    this.#write({ type, ...data }, text);
  }

  #write(record: object, text: string): void {
    process.stdout.write(`${this.#json ? JSON.stringify(record) : text}\n`);
  }
}
