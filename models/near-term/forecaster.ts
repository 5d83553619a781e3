import { ErrorDistribution } from './error-distribution.ts';
import { ErrorTrend } from './error-trend.ts';
import { LeastSquares } from './least-squares.ts';
import { SeasonalCourse, STEPS_PER_DAY } from './seasonal-course.ts';

const MEMORY_STEPS = 14 * STEPS_PER_DAY;
const FAST_MEMORY_STEPS = STEPS_PER_DAY;
const ERROR_MEMORY_STEPS = 7 * STEPS_PER_DAY;
/** Half-life of the experts' losses, and how much more loss makes one count 1/e as much. */
const LOSS_HALF_LIFE_STEPS = 180;
const LOSS_TEMPERATURE = 10;
/** Until so much is seen the regressions have nothing to say. */
const WARM_UP_STEPS = 2 * STEPS_PER_DAY;
const EXPERTS = 6;
const DEMAND_FEATURES = 18;
const SCALE_FEATURES = 8;
const SLOT_STEPS = 15;
/** Many sources report every five minutes, and many jobs start on them: each minute of five is a case of its own. */
const CLOCK_STEPS = 5;
/** What rises beyond so many times the last half hour goes on otherwise than what merely varies. */
const BURST = 2;
/** Keeps logarithms of squared errors finite, in instances squared. */
const SMALL = 0.002;
/** Instances. */
const LEAST_SCALE = 0.03;

/** What is expected of the minutes ahead, in the demand's unit: value i of a lead is centre + scale x values[i]. */
export interface LeadForecast {
  centre: number;
  scale: number;
  /** Scaled errors at the probabilities of `WEIGHTS`, ascending. */
  values: Float64Array;
}

interface Issued {
  step: number;
  demandFeatures: Float64Array;
  scaleFeatures: Float64Array;
  experts: number[];
  centre: number;
  scale: number;
  /** The scale as the regression alone gave it. */
  regressed: number;
}

/**
 * Forecasts the next minutes from what was observed: six simple experts (three regressions on recent means and the days
 * before, three rules), mixed by their recent losses; a regression for the size of the error, put right by how large errors
 * were of late against it; and the scaled errors' own distribution. All of it is renewed with every minute, so it needs no training and sees no future.
 */
export class NearTermForecaster {
  readonly #course = new SeasonalCourse();
  readonly #leads: LeadModel[];

  /** @param leads steps after the newest sample that are forecast, ascending; 32 at most */
  constructor(leads: readonly number[]) {
    this.#leads = leads.map((lead) => new LeadModel(lead));
  }

  /** Takes in the next minute. @param demand in instances */
  learn(demand: number): void {
    for (const lead of this.#leads) lead.settle(this.#course.count, demand);
    this.#course.learn(demand);
    for (const lead of this.#leads) lead.issue(this.#course);
  }

  forecast(): readonly LeadForecast[] {
    return this.#leads.map((lead) => lead.forecast);
  }
}

/** One lead's experts, error size and error distribution. */
class LeadModel {
  readonly #lead: number;
  readonly #slow = new LeastSquares(DEMAND_FEATURES, MEMORY_STEPS);
  readonly #fast = new LeastSquares(DEMAND_FEATURES, FAST_MEMORY_STEPS);
  readonly #clocked = byClock(DEMAND_FEATURES, MEMORY_STEPS);
  readonly #sizes = byClock(SCALE_FEATURES, ERROR_MEMORY_STEPS);
  readonly #errors = new ErrorDistribution(ERROR_MEMORY_STEPS);
  readonly #trend = new ErrorTrend(ERROR_MEMORY_STEPS);
  readonly #losses = new Float64Array(EXPERTS);
  readonly #slots = new Float64Array(STEPS_PER_DAY / SLOT_STEPS);
  readonly #pending: Issued[] = [];
  #squares = { minutes10: 0, hour: 0, day: 0 };
  #meanDemand = 0;
  #lastError = 0;
  forecast: LeadForecast = { centre: 0, scale: 1, values: this.#errors.values };

  constructor(lead: number) {
    this.#lead = lead;
  }

  /** Learns from the forecast that this step settles. */
  settle(step: number, demand: number): void {
    this.#meanDemand += Math.max(1 / STEPS_PER_DAY, 1 / (step + 1)) * (demand - this.#meanDemand);
    if (this.#pending[0]?.step !== step) return;
    const issued = this.#pending.shift()!;
    const error = demand - issued.centre;
    const square = error * error;
    const weight = 1 / (issued.demandFeatures[5]! + 0.2);
    this.#slow.learn(issued.demandFeatures, demand, weight);
    this.#fast.learn(issued.demandFeatures, demand, weight);
    this.#clocked[step % CLOCK_STEPS]!.learn(issued.demandFeatures, demand, weight);
    const keep = 0.5 ** (1 / LOSS_HALF_LIFE_STEPS);
    issued.experts.forEach((expert, i) => {
      this.#losses[i] = keep * this.#losses[i]! + (expert - demand) ** 2 / (issued.scale ** 2 + 0.01);
    });
    const logSquare = Math.log(square + SMALL);
    if (step > 60) this.#sizes[step % CLOCK_STEPS]!.learn(issued.scaleFeatures, logSquare);
    if (step > 30) this.#errors.learn(error / issued.scale);
    if (step > WARM_UP_STEPS) this.#trend.learn(error / issued.regressed);
    if (step % 60 === 0) this.#errors.read();
    const slot = slotOf(step);
    this.#slots[slot]! += (logSquare - this.#slots[slot]!) / (3 * SLOT_STEPS);
    this.#squares.minutes10 += (square - this.#squares.minutes10) / 10;
    this.#squares.hour += (square - this.#squares.hour) / 60;
    this.#squares.day += Math.max(1 / STEPS_PER_DAY, 1 / (step + 1)) * (square - this.#squares.day);
    this.#lastError = error;
  }

  issue(course: SeasonalCourse): void {
    const step = course.count - 1 + this.#lead;
    const demandFeatures = demandFeaturesOf(course, step);
    const experts = this.#expertsOf(course, step, demandFeatures);
    const centre = Math.max(0, this.#mix(experts));
    const scaleFeatures = this.#scaleFeaturesOf(course, step, centre);
    const regressed = Math.sqrt(this.#varianceOf(course, step, centre, scaleFeatures)) + LEAST_SCALE;
    const scale = regressed * this.#trend.factor;
    this.#pending.push({ step, demandFeatures, scaleFeatures, experts, centre, scale, regressed });
    this.forecast = { centre, scale, values: this.#errors.values };
  }

  #expertsOf(course: SeasonalCourse, step: number, features: Float64Array): number[] {
    const shape = course.count > STEPS_PER_DAY + 60 ? course.profile(step) : undefined;
    const moved = (steps: number) =>
      course.recent(steps) + (shape === undefined ? 0 : shape - course.recentProfile(steps));
    const warm = course.count > WARM_UP_STEPS;
    const slow = warm ? Math.max(0, this.#slow.predict(features)) : moved(3);
    const fast = warm ? this.#fast.predict(features) : moved(3);
    const clocked = warm ? Math.max(0, this.#clocked[step % CLOCK_STEPS]!.predict(features)) : moved(3);
    return [slow, fast, clocked, moved(3), course.recent(1), moved(10)];
  }

  #mix(experts: readonly number[]): number {
    const least = Math.min(...this.#losses);
    let [sum, weights] = [0, 0];
    experts.forEach((expert, i) => {
      const weight = Math.exp((least - this.#losses[i]!) / LOSS_TEMPERATURE);
      sum += weight * expert;
      weights += weight;
    });
    return sum / weights;
  }

  #scaleFeaturesOf(course: SeasonalCourse, step: number, centre: number): Float64Array {
    const { minutes10, hour, day } = this.#squares;
    const log = (square: number) => Math.log(square + SMALL);
    return Float64Array.of(
      1,
      Math.log(centre + 0.1),
      log(minutes10),
      log(hour),
      log(day),
      log(this.#lastError ** 2),
      log((course.recent(1) - course.recent(10)) ** 2),
      this.#slots[slotOf(step)]!,
    );
  }

  #varianceOf(course: SeasonalCourse, step: number, centre: number, features: Float64Array): number {
    // The mean log of a squared error lies about 1 below the log of its mean.
    if (course.count > STEPS_PER_DAY + 1)
      return Math.exp(Math.min(12, this.#sizes[step % CLOCK_STEPS]!.predict(features)) + 1);
    const { minutes10, hour, day } = this.#squares;
    return ((centre + 0.1) * day) / (this.#meanDemand + 0.1) + 0.5 * (minutes10 + hour);
  }
}

/** What a regression sees of the present and of the days before, for the demand of `step`. */
function demandFeaturesOf(course: SeasonalCourse, step: number): Float64Array {
  const profile = course.profile(step);
  const yesterday = step - STEPS_PER_DAY;
  const narrow = (at: number) => course.around(at, 1);
  const closely = narrow(yesterday) ?? profile;
  const closelyOfDays = [1, 2, 3].map((days) => narrow(step - days * STEPS_PER_DAY) ?? closely);
  const level = course.recent(60) / Math.max(0.05, course.recentProfile(60));
  const burst = (steps: number) => Math.max(0, course.recent(steps) - BURST * course.recent(30));
  return Float64Array.of(
    course.recent(1),
    course.at(course.count - 2),
    course.recent(3),
    course.recent(10),
    course.recent(30),
    course.recent(120),
    profile,
    course.around(yesterday) ?? profile,
    course.around(step - 7 * STEPS_PER_DAY) ?? profile,
    profile - course.recentProfile(3),
    profile * Math.min(3, Math.max(0.3, level)),
    0.1,
    closely,
    closelyOfDays.reduce((sum, value) => sum + value, 0) / closelyOfDays.length,
    profile - course.recentProfile(10),
    course.recent(5),
    burst(1),
    burst(3),
  );
}

function byClock(features: number, memorySteps: number): LeastSquares[] {
  return Array.from({ length: CLOCK_STEPS }, () => new LeastSquares(features, memorySteps / CLOCK_STEPS));
}

function slotOf(step: number): number {
  return Math.floor((step % STEPS_PER_DAY) / SLOT_STEPS);
}
