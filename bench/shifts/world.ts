import { normal, seededRandom } from '../../src/cli/up/random.ts';
import type { Sample } from '../../src/ports/demand.ts';

/** Synthetic demand with a course of day and week, something that goes wrong with it or its source, and what a worker gets to see. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** How old the source's newest sample is, as declared. */
export const DELAY_MS = 4 * MINUTE_MS;
/** A Monday. */
export const START_MS = Date.UTC(2026, 2, 2);
/** Sound days before the shift: as much as a worker reads at first, and two days to measure on. */
export const SOUND_DAYS = 16;
export const SHIFT_MS = START_MS + SOUND_DAYS * DAY_MS;

/** What a shift does. All is as it was where a part is absent. */
export interface Shift {
  name: string;
  /** Demand from the shift on. */
  demand?: { level?: number; laterHours?: number; spread?: number; burstsADay?: number };
  /** Demand is as it was again so long after the shift; absent: it stays so. */
  demandForMs?: number;
  /** The source is silent for so long from the shift on. Demand goes on. */
  silentMs?: number;
  /** Stamps are so much ahead of the time they belong to (behind where negative). */
  stampsAheadMs?: number;
  /** The worker's clock is so much ahead of the source's. */
  workerAheadMs?: number;
  /** Every point comes twice, the second time half a step off the grid. */
  twice?: true;
  /** Points come first with this share of their value, and in full 3 minutes later; every tenth comes 10 minutes late. */
  firstShare?: number;
}

export const SHIFTS: readonly Shift[] = [
  { name: 'none' },
  { name: 'level x2', demand: { level: 2 } },
  { name: 'level x0.5', demand: { level: 0.5 } },
  { name: 'season 6 h later', demand: { laterHours: 6 } },
  { name: 'variance x3', demand: { spread: Math.sqrt(3) } },
  { name: 'deviation x3', demand: { spread: 3 } },
  { name: 'bursts for a day', demand: { burstsADay: 6 }, demandForMs: DAY_MS },
  { name: 'source dead for 2 h', silentMs: 2 * HOUR_MS },
  { name: 'source dead for a day', silentMs: DAY_MS },
  { name: 'stamps 10 min ahead', stampsAheadMs: 10 * MINUTE_MS },
  { name: 'stamps an hour late', stampsAheadMs: -HOUR_MS },
  { name: 'worker 3 min ahead', workerAheadMs: 3 * MINUTE_MS },
  { name: 'worker 3 min behind', workerAheadMs: -3 * MINUTE_MS },
  { name: 'points twice', twice: true },
  { name: 'points late, revised', firstShare: 0.7 },
];

/** A burst doubles demand for so long; nothing announces it. */
const BURST_MS = 20 * MINUTE_MS;

/** One seeded world under one shift. Steps END at their time. */
export class World {
  readonly stepMs: number;
  readonly #shift: Shift;
  readonly #delayMs: number;
  readonly #values: Float64Array;

  /** @param days in all, from `START_MS` on */
  constructor(shift: Shift, seed: number, days: number, stepMs: number, observationDelayMs: number) {
    this.#shift = shift;
    this.stepMs = stepMs;
    this.#delayMs = observationDelayMs;
    this.#values = drawn(shift, seed, Math.round((days * DAY_MS) / stepMs), stepMs);
  }

  /** Demand as the source will finally have it under that stamp; undefined where it never will, or the world has ended. */
  finally(stamp: number): number | undefined {
    const { silentMs = 0 } = this.#shift;
    if (stamp > SHIFT_MS && stamp <= SHIFT_MS + silentMs) return undefined;
    return this.demandAt(this.#trueTime(stamp));
  }

  /** Demand that is offered, whoever sees it. */
  demandAt(at: number): number | undefined {
    return this.#values[Math.round((at - START_MS) / this.stepMs) - 1];
  }

  workerClock(now: number): number {
    return now + (now > SHIFT_MS ? (this.#shift.workerAheadMs ?? 0) : 0);
  }

  /** What the source answers at a (true) time: samples with from < at <= to. */
  read(from: number, to: number, now: number): Sample[] {
    const samples: Sample[] = [];
    const first = Math.max(START_MS, Math.floor(from / this.stepMs) * this.stepMs) + this.stepMs;
    for (let at = first; at <= to; at += this.stepMs) {
      const value = this.#seen(at, now);
      if (value === undefined) continue;
      samples.push({ at, value });
      if (this.#shift.twice && at > SHIFT_MS) samples.push({ at: at - this.stepMs / 4, value });
    }
    return samples.filter((sample) => sample.at > from && sample.at <= to).sort((a, b) => a.at - b.at);
  }

  #seen(stamp: number, now: number): number | undefined {
    const value = this.finally(stamp);
    const age = now - this.#trueTime(stamp) - this.#delayMs;
    if (value === undefined || age < 0) return undefined;
    const { firstShare } = this.#shift;
    if (firstShare === undefined || stamp <= SHIFT_MS) return value;
    const late = Math.round(stamp / this.stepMs) % 10 === 0;
    if (late) return age < 10 * MINUTE_MS ? undefined : value;
    return age < 3 * MINUTE_MS ? firstShare * value : value;
  }

  /** Stamps that the old clock had given already keep their meaning: those of the new one begin at the shift. */
  #trueTime(stamp: number): number {
    const { stampsAheadMs = 0 } = this.#shift;
    return stamp > SHIFT_MS + Math.min(0, stampsAheadMs) ? stamp - stampsAheadMs : stamp;
  }
}

/** A wave a day, weekends lower, a level that wanders within hours, and noise of each step: all in proportion to the level. */
function drawn(
  { demand = {}, demandForMs = Infinity }: Shift,
  seed: number,
  steps: number,
  stepMs: number,
): Float64Array {
  const random = seededRandom(seed);
  const keep = Math.exp(-stepMs / (3 * HOUR_MS));
  let wander = 0;
  let burstEnds = -Infinity;
  return Float64Array.from({ length: steps }, (_, i) => {
    const at = START_MS + (i + 1) * stepMs;
    const shifted = at > SHIFT_MS && at <= SHIFT_MS + demandForMs;
    const { level = 1, laterHours = 0, spread = 1, burstsADay = 0 } = shifted ? demand : {};
    if (burstsADay > 0 && at > burstEnds && random() < (burstsADay * stepMs) / DAY_MS)
      burstEnds = at + BURST_MS;
    const courseAt = at - laterHours * HOUR_MS;
    const ofDay = (courseAt % DAY_MS) / DAY_MS;
    const weekend = Math.floor((courseAt - START_MS) / DAY_MS) % 7 >= 5;
    wander = keep * wander + Math.sqrt(1 - keep * keep) * 0.03 * normal(random);
    const noise = 0.03 * normal(random);
    const course = (300 - 150 * Math.cos(2 * Math.PI * (ofDay - 0.15))) * (weekend ? 0.8 : 1);
    const burst = at < burstEnds ? 2 : 1;
    return Math.max(0, burst * level * course * (1 + spread * (wander + noise)));
  });
}
