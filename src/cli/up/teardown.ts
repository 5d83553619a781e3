/**
 * What has been started, to be taken down last in, first out. A step that fails is told and does not keep the others
 * from running: nothing may stay up because something else did not go down.
 */
export class Teardown {
  readonly #steps: { what: string; undo: () => Promise<void> }[] = [];
  readonly #say: (text: string) => void;
  #current: string | undefined;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** Registers how to take down what has been, or is about to be, started. */
  add(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** What is being taken down now, and what is still to come; undefined when nothing is. */
  get pending(): string | undefined {
    if (!this.#current) return undefined;
    return [this.#current, ...this.#steps.map((step) => step.what).toReversed()].join(', ');
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      this.#current = step.what;
      try {
        await step.undo();
      } catch (error) {
        this.#say(`${step.what} did not go down cleanly: ${(error as Error).message}`);
      }
    }
    this.#current = undefined;
  }
}
