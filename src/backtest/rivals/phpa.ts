import { STEPS_PER_DAY } from '../model.ts';
import { hpaSizer } from './hpa.ts';
import type { Rival } from './rival.ts';
import { UTILIZATION_TARGETS, groupOf, newest } from './rival.ts';

const BLOCK_STEPS = 5;
const SEASON_BLOCKS = STEPS_PER_DAY / BLOCK_STEPS;
const BLOCKS_AHEAD = 2;
/** A forecast may ask for this many times the largest size so far: additive trends run away. */
const LARGEST_JUMP = 4;

/** Smoothing of level, trend and season. The first are the predictive autoscaler's own example's. */
const SMOOTHINGS = [
  [0.9, 0.9, 0.9],
  [0.5, 0.01, 0.3],
  [0.2, 0, 0.5],
] as const;

export const phpa: Rival = {
  name: 'phpa holt-winters',
  about:
    'Predictive HPA: additive Holt-Winters with a daily season on the replica counts of the HPA rule, and at least those',
  candidates: () =>
    UTILIZATION_TARGETS.flatMap((target) =>
      SMOOTHINGS.map(([level, trend, season]) => {
        const size = hpaSizer(target);
        const predict = blockwise(new HoltWinters(level, trend, season));
        let largest = 0;
        return {
          settings: `target ${target}, smoothing ${level}/${trend}/${season}`,
          utilizationTarget: target,
          policy: (observed, t) => {
            const now = size(newest(observed));
            largest = Math.max(largest, now);
            const predicted = Math.max(0, Math.min(LARGEST_JUMP * largest, predict(now, t)));
            return groupOf(Math.max(now, predicted));
          },
        };
      }),
    ),
};

/** Feeds the largest size of every five steps to the forecaster; the answer holds from the next block on. */
function blockwise(forecaster: HoltWinters): (size: number, t: number) => number {
  let largest = 0;
  let forecast = 0;
  return (size, t) => {
    if (t % BLOCK_STEPS === 0 && largest > 0) {
      forecast = forecaster.next(largest);
      largest = 0;
    }
    largest = Math.max(largest, size);
    return forecast;
  };
}

/** Additive Holt-Winters, initialised from its first two seasons. */
class HoltWinters {
  readonly #smoothing: { level: number; trend: number; season: number };
  readonly #first: number[] = [];
  readonly #seasonal = new Float64Array(SEASON_BLOCKS);
  #level = 0;
  #trend = 0;
  #count = 0;

  constructor(level: number, trend: number, season: number) {
    this.#smoothing = { level, trend, season };
  }

  /** Takes one observation; returns the largest forecast of the next blocks, 0 before two seasons are seen. */
  next(value: number): number {
    const index = this.#count++;
    if (index < 2 * SEASON_BLOCKS) {
      this.#first.push(value);
      if (this.#count === 2 * SEASON_BLOCKS) this.#initialise();
      return 0;
    }
    this.#update(value, index % SEASON_BLOCKS);
    let largest = 0;
    for (let ahead = 1; ahead <= BLOCKS_AHEAD; ahead++)
      largest = Math.max(
        largest,
        this.#level + ahead * this.#trend + this.#seasonal[(index + ahead) % SEASON_BLOCKS]!,
      );
    return largest;
  }

  #initialise(): void {
    const mean = (from: number) => sum(this.#first.slice(from, from + SEASON_BLOCKS)) / SEASON_BLOCKS;
    const [first, second] = [mean(0), mean(SEASON_BLOCKS)];
    this.#level = second;
    this.#trend = (second - first) / SEASON_BLOCKS;
    for (let j = 0; j < SEASON_BLOCKS; j++)
      this.#seasonal[j] = (this.#first[j]! - first + (this.#first[j + SEASON_BLOCKS]! - second)) / 2;
  }

  #update(value: number, j: number): void {
    const { level, trend, season } = this.#smoothing;
    const before = this.#level;
    this.#level = level * (value - this.#seasonal[j]!) + (1 - level) * (before + this.#trend);
    this.#trend = trend * (this.#level - before) + (1 - trend) * this.#trend;
    this.#seasonal[j] = season * (value - this.#level) + (1 - season) * this.#seasonal[j]!;
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
