/** Edges of the bins of minutes since a level was last needed. */
const GAP_MINUTES = [
  0, 3, 6, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1080, 1440, 2880, 5760,
];
/** How long what happened counts (to 1/e), in hours. */
const MEMORY_HOURS = 7 * 24;
/**
 * Before anything was seen: calls an hour of a level that was needed an hour ago, and how they become rarer with time since, a power
 * law as of aftershocks (Omori 1894); held for as sure as what so many minutes would have shown. Chosen on recorded demand
 * (docs/decisions/005-cost-by-courses.md).
 */
const PRIOR = { perHour: 0.1, decay: 0.75, minutes: 240 };
/** Of each bin, at the geometric mean of its edges. */
const PRIOR_PER_HOUR = GAP_MINUTES.map((from, bin) => {
  const hours = Math.sqrt(Math.max(1.5, from) * (GAP_MINUTES[bin + 1] ?? 2 * from)) / 60;
  return PRIOR.perHour * hours ** -PRIOR.decay;
});
/** Demand this little into a level needs no instance for it. */
const TOLERANCE = 0.05;

/**
 * How often the levels of one application are called: needed while their instance does not serve. Level i is the share of
 * demand between i and i + 1 instances. The rate depends on how long ago a level was last needed, and is learnt over all
 * levels together: the price of not being ready, from what the application lived through.
 */
export class CallRates {
  #minute = -1;
  /** Per level, the last minute in which it was needed. */
  readonly #lastNeeded: number[] = [];
  readonly #calls = new Float64Array(GAP_MINUTES.length);
  readonly #minutes = new Float64Array(GAP_MINUTES.length);

  /** Levels that were ever needed. */
  get levels(): number {
    return this.#lastNeeded.length;
  }

  /**
   * One more minute.
   * @param lasting demand in instances that held for two minutes: less is gone before anything could serve it
   * @param serving instances that served in that minute
   */
  learn(lasting: number, serving: number): void {
    this.#minute++;
    if (this.#minute % 60 === 0) this.#forget();
    const needed = Math.ceil(lasting - TOLERANCE);
    for (let level = serving; level < this.levels; level++) {
      const gap = this.#minute - this.#lastNeeded[level]!;
      if (gap <= 1) continue;
      const bin = binOf(gap);
      this.#minutes[bin]! += 1;
      if (level < needed) this.#calls[bin]! += 1;
    }
    for (let level = 0; level < needed; level++) this.#lastNeeded[level] = this.#minute;
  }

  /** Calls an hour to expect of a level; none of one that was never needed. */
  perHour(level: number): number {
    const last = this.#lastNeeded[level];
    if (last === undefined) return 0;
    const bin = binOf(this.#minute - last);
    const supposed = (PRIOR_PER_HOUR[bin]! * PRIOR.minutes) / 60;
    return (60 * (this.#calls[bin]! + supposed)) / (this.#minutes[bin]! + PRIOR.minutes);
  }

  #forget(): void {
    const keep = Math.exp(-1 / MEMORY_HOURS);
    for (let bin = 0; bin < GAP_MINUTES.length; bin++) {
      this.#calls[bin]! *= keep;
      this.#minutes[bin]! *= keep;
    }
  }
}

function binOf(gapMinutes: number): number {
  let bin = 0;
  while (bin + 1 < GAP_MINUTES.length && gapMinutes > GAP_MINUTES[bin + 1]!) bin++;
  return bin;
}
