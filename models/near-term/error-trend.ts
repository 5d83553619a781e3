/** What counts as of late (to 1/e), in steps of a minute. */
const RECENT_STEPS = 12 * 60;
/** Until so many errors were seen there is no trend. */
const LEAST_SEEN = 1440;
/** Larger scaled errors say no more than this, and the smallest ones no less than their sum with the second. */
const MOST = 3;
const LEAST = 0.1;

/**
 * How large scaled errors are of late against the days before: 1 while their size is judged as well as ever. A regression that
 * learnt from a week goes on giving that week's sizes for days after a level or the noise has changed; this tells within hours.
 * By mean logarithms, so that single large errors move it little.
 */
export class ErrorTrend {
  readonly #memorySteps: number;
  #seen = 0;
  #recent = 0;
  #usual = 0;

  /** @param memorySteps of what is usual, to 1/e */
  constructor(memorySteps: number) {
    this.#memorySteps = memorySteps;
  }

  learn(z: number): void {
    const log = Math.log(Math.min(MOST, Math.abs(z)) + LEAST);
    this.#seen++;
    this.#recent += Math.max(1 / this.#seen, 1 / RECENT_STEPS) * (log - this.#recent);
    this.#usual += Math.max(1 / this.#seen, 1 / this.#memorySteps) * (log - this.#usual);
  }

  /** What scales are to be multiplied by. */
  get factor(): number {
    return this.#seen > LEAST_SEEN ? Math.exp(this.#recent - this.#usual) : 1;
  }
}
