import type { Burst, Expectation } from './burst-response.ts';
import { BurstResponse } from './burst-response.ts';
import type { EventWindow } from './event-response.ts';
import { EventResponse } from './event-response.ts';
import { NearTermForecaster } from './forecaster.ts';
import { mixed } from './mixture.ts';

/** Minutes after a decision that are forecast for it; lines are drawn between them. */
export const MINUTES_AHEAD = [0, 1, 2, 3, 4, 6, 8, 11];

/** How the usual course is compared with demand: at the level of the hour that ended half an hour before. */
const LEVEL_MINUTES = 60;
const LEVEL_AGE_MINUTES = 30;
/** Memory of the deviation from the usual course, and the least that is believed. */
const DEVIATION_MEMORY_MINUTES = 3 * 1440;
const LEAST_DEVIATION = 0.08;
/** Standard deviation of a normal distribution in its mean size. */
const NORMAL_SIZE = 1.2533;

/**
 * The near-term forecast with announced events: the forecaster lives on demand with their expected effect divided out, and
 * what it says of the minutes ahead is multiplied by what the events that touch them do, in two scenarios for the one that
 * matters most: it comes, or it does not. Bursts of talk, of which nobody knows size or time, add what may follow them.
 */
export class NearTermWithEvents {
  readonly #forecaster: NearTermForecaster;
  readonly #leads: readonly number[];
  readonly #response = new EventResponse();
  readonly #bursts = new BurstResponse();
  readonly #usual = new UsualCourse();
  /** Not over yet. */
  #events: EventWindow[] = [];
  #minute = -1;

  /** @param leads minutes after the newest that are forecast, ascending */
  constructor(leads: readonly number[]) {
    this.#leads = leads;
    this.#forecaster = new NearTermForecaster(leads);
  }

  /** An event from the minute on that announces it. Windows in minutes of the series. */
  announce(event: EventWindow): void {
    if (event.end > this.#minute && event.uplift > 0 && event.uplift !== 1) this.#events.push(event);
  }

  /** An announced event is called off. What was learnt while it ran stays. */
  withdraw(event: EventWindow): void {
    this.#events = this.#events.filter((other) => other !== event);
    this.#response.forget(event);
  }

  /** A burst of talk from the minute on in which it was heard, which may lie ahead of the newest. */
  hear(burst: Burst): void {
    this.#bursts.hear(burst);
  }

  /** Takes in the next minute. @param demand in instances */
  learn(demand: number): void {
    const minute = ++this.#minute;
    const touching = this.#events.filter(({ start, end }) => start <= minute && minute < end);
    const usual = this.#usual.next();
    for (const event of touching) {
      const others = touching
        .filter((other) => other !== event)
        .reduce((product, other) => product * this.#response.expected(other, minute), 1);
      this.#response.observe(event, minute, demand / others, usual, this.#usual.deviation);
    }
    const factor = touching.reduce((product, event) => product * this.#response.expected(event, minute), 1);
    const base = demand / factor;
    this.#bursts.observe(minute, base, usual, this.#usual.deviation);
    this.#usual.learn(base, touching.length === 0 && !this.#bursts.running);
    this.#forecaster.learn(base);
    for (const event of this.#events.filter(({ end }) => end <= minute + 1)) this.#response.finish(event);
    this.#events = this.#events.filter(({ end }) => end > minute + 1);
  }

  /** Per lead, demand at the probabilities of `WEIGHTS`, ascending, in instances. */
  forecast(): Float64Array[] {
    return this.#forecaster.forecast().map(({ centre, scale, values }, i) => {
      const minute = this.#minute + this.#leads[i]!;
      const expected = this.#withEvents(
        values.map((error) => centre + scale * error),
        minute,
      );
      const parts = this.#bursts.partsAt(expected, this.#minute, minute);
      return parts ? mixed(parts) : expected;
    });
  }

  /** What the minutes ahead count with of an announced event: at most. Undefined where it touches none of them. */
  expectedOf(event: EventWindow): Expectation | undefined {
    const minutes = this.#leads
      .map((lead) => this.#minute + lead)
      .filter((minute) => event.start <= minute && minute < event.end);
    if (!this.#events.includes(event) || minutes.length === 0) return undefined;
    const uplift = minutes
      .map((minute) => this.#response.factor(event, minute))
      .reduce((a, b) => (Math.abs(b - 1) > Math.abs(a - 1) ? b : a));
    return { uplift, probability: this.#response.probability(event) };
  }

  /** The same of a burst that was heard. */
  expectedOfBurst(burst: Pick<Burst, 'start' | 'kind'>): Expectation | undefined {
    return this.#bursts.expected(burst, this.#minute);
  }

  #withEvents(base: Float64Array, minute: number): Float64Array {
    const touching = this.#events.filter(({ start, end }) => start <= minute && minute < end);
    if (touching.length === 0) return base;
    const doubt = (event: EventWindow) => Math.abs(this.#response.factor(event, minute) - 1);
    const main = touching.reduce((a, b) => (doubt(b) > doubt(a) ? b : a));
    const others = touching
      .filter((event) => event !== main)
      .reduce((product, event) => product * this.#response.expected(event, minute), 1);
    const comes = this.#response.factor(main, minute) * others;
    const probability = this.#response.probability(main);
    return mixed([
      { values: base.map((value) => value * others), probability: 1 - probability },
      { values: base.map((value) => value * comes), probability },
    ]);
  }
}

/** What the days before say of a minute, at the level of the last hours. Both learn from demand without events. */
class UsualCourse {
  readonly #values: number[] = [];
  readonly #sums: number[] = [0];
  /** Mean size of log(demand / usual), and minutes that it rests on. */
  #error = 0.2;
  #errors = 60;
  /** Level of the last hours over that of the same hours before; what it was when an event began, while one is on. */
  #level: number | undefined;

  get deviation(): number {
    return Math.max(LEAST_DEVIATION, NORMAL_SIZE * this.#error);
  }

  /** Of the minute to come. */
  next(): number {
    const before = this.#daysBefore(this.#values.length, 15);
    if (before === undefined || this.#level === undefined) return this.#recent() ?? this.#values.at(-1) ?? 0;
    return before * this.#level;
  }

  learn(demand: number, usual: boolean): void {
    if (usual && this.#values.length > 120) {
      const error = Math.min(1, Math.abs(Math.log((demand + 0.05) / (this.next() + 0.05))));
      this.#errors = Math.min(this.#errors + 1, DEVIATION_MEMORY_MINUTES);
      this.#error += (error - this.#error) / this.#errors;
    }
    this.#values.push(demand);
    this.#sums.push(this.#sums.at(-1)! + demand);
    if (usual) this.#level = this.#levelNow();
  }

  #levelNow(): number | undefined {
    const half = LEVEL_MINUTES / 2;
    const then = this.#daysBefore(this.#values.length - LEVEL_AGE_MINUTES - half, half);
    if (then === undefined || then <= 0) return undefined;
    return Math.min(3, Math.max(1 / 3, (this.#recent() ?? then) / then));
  }

  /** Mean of the hour that ended half an hour ago. */
  #recent(): number | undefined {
    const to = this.#values.length - LEVEL_AGE_MINUTES;
    return this.#mean(to - LEVEL_MINUTES, to);
  }

  /** Mean around the same minute of up to seven days before. */
  #daysBefore(minute: number, half: number): number | undefined {
    let [sum, days] = [0, 0];
    for (; days < 7; days++) {
      const there = minute - (days + 1) * 1440;
      if (there < half) break;
      sum += this.#mean(there - half, Math.min(this.#values.length, there + half + 1))!;
    }
    return days > 0 ? sum / days : undefined;
  }

  #mean(from: number, to: number): number | undefined {
    const first = Math.max(0, from);
    return to > first ? (this.#sums[to]! - this.#sums[first]!) / (to - first) : undefined;
  }
}
