import type { Part } from './mixture.ts';

/** What is believed of a burst of talk before any of its kind was seen: demand follows, or it does not. */
export interface BurstBelief {
  /** That demand follows, 0..1. */
  probability: number;
  /** Factors on the usual demand between which four in five of those lie that follow. */
  leastUplift: number;
  mostUplift: number;
  /** Demand that follows begins to within so many minutes, at any time alike. */
  withinMinutes: number;
}

/** A burst heard in a minute of the series. `kind` tells apart what is learnt: source and kind of talk. */
export interface Burst {
  start: number;
  kind: string;
  belief: BurstBelief;
}

/** Bursts seen that the belief in the probability, in the size and in the delay is each worth. */
const PROBABILITY_BURSTS = 2;
const SIZE_BURSTS = 1;
const DELAY_BURSTS = 2;
/** The middle 80% of a normal distribution are so many deviations wide. */
const FOUR_IN_FIVE = 2.563;
/** Deviations of the thirds' medians: sizes that stand for all. */
const SIZES = [-0.967, 0, 0.967];
/** Delays are told apart by these parts of the time within which demand follows. */
const DELAY_PARTS = 6;
/** Half the least size, as a logarithm, and this many deviations from the usual demand, two minutes long: it follows. */
const RISEN_DEVIATIONS = 2.5;
const RISEN_MINUTES = 2;
/** From then on it rises no longer than this: what comes later is demand like any other. */
const RISES_MINUTES = 10;

/** What bursts of one kind did. */
class KindOfBurst {
  readonly #belief: BurstBelief;
  readonly #logSizes: number[] = [];
  readonly #delays = new Float64Array(DELAY_PARTS).fill(DELAY_BURSTS / DELAY_PARTS);
  #all = 0;

  constructor(belief: BurstBelief) {
    this.#belief = belief;
  }

  /** Probability that demand follows: a Beta distribution's mean. */
  get probability(): number {
    return (
      (PROBABILITY_BURSTS * this.#belief.probability + this.#logSizes.length) /
      (PROBABILITY_BURSTS + this.#all)
    );
  }

  /** Factors that stand for a third of what may follow each. */
  get sizes(): number[] {
    const { leastUplift, mostUplift } = this.#belief;
    const [believed, spread] = [
      Math.log(leastUplift * mostUplift) / 2,
      Math.log(mostUplift / leastUplift) / FOUR_IN_FIVE,
    ];
    const worth = SIZE_BURSTS + this.#logSizes.length;
    const mean = (SIZE_BURSTS * believed + sum(this.#logSizes)) / worth;
    const squares = this.#logSizes.map((size) => (size - mean) ** 2);
    const variance = (SIZE_BURSTS * (spread ** 2 + (believed - mean) ** 2) + sum(squares)) / worth;
    return SIZES.map((z) => Math.exp(mean + z * Math.sqrt(variance)));
  }

  /** Share of what follows that has begun `minutes` after the burst. */
  begun(minutes: number): number {
    const parts = Math.min(1, Math.max(0, minutes / this.#belief.withinMinutes)) * DELAY_PARTS;
    const whole = Math.floor(parts);
    const begun = sum(this.#delays.subarray(0, whole)) + (parts - whole) * (this.#delays[whole] ?? 0);
    return begun / sum(this.#delays);
  }

  followed(minutes: number, factor: number): void {
    this.#all += 1;
    this.#logSizes.push(Math.log(factor));
    const part = Math.floor((DELAY_PARTS * minutes) / this.#belief.withinMinutes);
    this.#delays[Math.min(DELAY_PARTS - 1, part)]! += 1;
  }

  nothingFollowed(): void {
    this.#all += 1;
  }
}

/** What is expected of an event: the factor on the usual demand, should demand follow, and the probability that it does. */
export interface Expectation {
  uplift: number;
  probability: number;
}

interface Running {
  burst: Burst;
  /** Minutes in a row in which demand was risen. */
  risen: number;
  /** Minutes from the burst to the rise, once it is there, and the highest factor seen of it. */
  began?: number;
  highest: number;
}

/**
 * What bursts of talk do to the demand of the minutes after them. Whether, how much and how soon demand follows is believed
 * first, and learnt per kind: from bursts that nothing followed as well. Demand that has risen by itself says that it follows.
 */
export class BurstResponse {
  readonly #kinds = new Map<string, KindOfBurst>();
  #running: Running[] = [];
  /** Newest demand over the usual, 1 at the least: what is there of a rise. */
  #risenBy = 1;

  get running(): boolean {
    return this.#running.length > 0;
  }

  hear(burst: Burst): void {
    this.#running.push({ burst, risen: 0, highest: 1 });
  }

  /**
   * One more minute.
   * @param usual what the days before say of this minute
   * @param deviation standard deviation of log(demand / usual) on usual days
   */
  observe(minute: number, demand: number, usual: number, deviation: number): void {
    const factor = demand / Math.max(1e-9, usual);
    this.#risenBy = Math.max(1, factor);
    for (const one of this.#running) {
      const age = minute - one.burst.start;
      if (age < 0) continue;
      const least = Math.max(Math.log(one.burst.belief.leastUplift) / 2, RISEN_DEVIATIONS * deviation);
      one.risen = Math.log(Math.max(1e-3, factor)) >= least ? one.risen + 1 : 0;
      if (one.began === undefined && one.risen >= RISEN_MINUTES) one.began = age;
      if (one.began !== undefined) one.highest = Math.max(one.highest, factor);
    }
    this.#running = this.#running.filter((one) => !this.#settled(one, minute - one.burst.start));
  }

  /** Of a burst, as seen from `now`: the middle of what may follow. Undefined once nothing more is to be expected of it. */
  expected({ start, kind }: Pick<Burst, 'start' | 'kind'>, now: number): Expectation | undefined {
    const one = this.#running.find(({ burst }) => burst.start === start && burst.kind === kind);
    if (!one) return undefined;
    const probability = this.#probability(one, now, start + one.burst.belief.withinMinutes);
    return { uplift: this.#kind(one.burst).sizes[1]!, probability };
  }

  /** What `base`, the demand of a minute without any burst, may be instead; the burst that says most counts. */
  partsAt(base: Float64Array, now: number, minute: number): Part[] | undefined {
    const chances = this.#running.map((one) => ({ one, probability: this.#probability(one, now, minute) }));
    const most = chances.reduce<(typeof chances)[number] | undefined>(
      (a, b) => (a && a.probability >= b.probability ? a : b),
      undefined,
    );
    if (!most || most.probability <= 0) return undefined;
    const sizes = this.#kind(most.one.burst).sizes;
    return [
      { values: base, probability: 1 - most.probability },
      ...sizes.map((size) => ({
        values: base.map((value) => value * Math.max(1, size / this.#risenBy)),
        probability: most.probability / sizes.length,
      })),
    ];
  }

  /** That demand has risen by `minute`, as seen from `now`. */
  #probability({ burst, began }: Running, now: number, minute: number): number {
    if (began !== undefined) return 1;
    const kind = this.#kind(burst);
    const [before, by] = [kind.begun(now - burst.start), kind.begun(minute - burst.start)];
    return (kind.probability * (by - before)) / (1 - kind.probability * before);
  }

  /** Whether nothing more is to be expected of it; its kind has learnt then. */
  #settled({ burst, began, highest }: Running, age: number): boolean {
    if (began !== undefined) {
      if (age < began + RISES_MINUTES) return false;
      this.#kind(burst).followed(began, highest);
      return true;
    }
    if (age < burst.belief.withinMinutes) return false;
    this.#kind(burst).nothingFollowed();
    return true;
  }

  #kind({ kind, belief }: Burst): KindOfBurst {
    let own = this.#kinds.get(kind);
    if (!own) this.#kinds.set(kind, (own = new KindOfBurst(belief)));
    return own;
  }
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
