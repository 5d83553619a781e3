/** Steps are minutes. */
export const STEPS_PER_DAY = 1440;

const STEPS_PER_WEEK = 7 * STEPS_PER_DAY;
const DAYS = 7;
const WEEKS = 3;
/** Half the width of the mean around the same minute of earlier days. */
const HALF = 7;
/** Steps that the profile is drawn ahead of the newest sample. */
const AHEAD = 32;

/** Means over what was observed, and the mean course of the days and weekdays before, which runs a little ahead. */
export class SeasonalCourse {
  /** Steps observed. */
  count = 0;
  readonly #values: number[] = [];
  readonly #sums: number[] = [0];
  readonly #profile: number[] = [];
  readonly #profileSums: number[] = [0];

  learn(value: number): void {
    this.#values.push(value);
    this.#sums.push(this.#sums[this.count]! + value);
    this.count++;
    while (this.#profile.length < this.count + AHEAD) {
      const next = this.#draw(this.#profile.length);
      this.#profileSums.push(this.#profileSums.at(-1)! + next);
      this.#profile.push(next);
    }
  }

  /** Demand of a step that was observed; the first one's before it. */
  at(step: number): number {
    return this.#values[Math.max(0, step)]!;
  }

  /** Mean of the newest `steps`. */
  recent(steps: number): number {
    return meanOf(this.#sums, this.count - steps, this.count);
  }

  profile(step: number): number {
    return this.#profile[step]!;
  }

  /** Mean of the profile over the steps that `recent` means. */
  recentProfile(steps: number): number {
    return meanOf(this.#profileSums, this.count - steps, this.count);
  }

  /** Mean around a step; undefined before the series began. */
  around(step: number, half = HALF): number | undefined {
    return step < 0 ? undefined : meanOf(this.#sums, step - half, Math.min(this.count, step + half + 1));
  }

  #draw(step: number): number {
    const daily = this.#meanBefore(step, STEPS_PER_DAY, DAYS);
    const weekly = this.#meanBefore(step, STEPS_PER_WEEK, WEEKS);
    if (daily === undefined) return this.recent(60);
    return weekly === undefined ? daily : 0.5 * daily + 0.5 * weekly;
  }

  #meanBefore(step: number, period: number, times: number): number | undefined {
    let [sum, count] = [0, 0];
    for (; count < times; count++) {
      const there = this.around(step - (count + 1) * period);
      if (there === undefined) break;
      sum += there;
    }
    return count > 0 ? sum / count : undefined;
  }
}

function meanOf(sums: readonly number[], from: number, to: number): number {
  const first = Math.max(0, from);
  return to > first ? (sums[to]! - sums[first]!) / (to - first) : 0;
}
