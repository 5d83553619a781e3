import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fft, inverseReal } from '../src/backtest/fft.ts';
import { DEFAULT_MODEL, STEPS_PER_DAY, lagSteps } from '../src/backtest/model.ts';
import type { Policy } from '../src/backtest/policy.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { fadingPercentile, windowMaximum } from '../src/backtest/rivals/autopilot.ts';
import { targetTracking } from '../src/backtest/rivals/aws-predictive.ts';
import { estimatePeriod, findPeriod } from '../src/backtest/rivals/crane-estimate.ts';
import { hpaSizer } from '../src/backtest/rivals/hpa.ts';
import { RIVALS } from '../src/backtest/rivals/index.ts';
import type { Rival } from '../src/backtest/rivals/rival.ts';

/** Rivals keep to their documented rules, and none of them sees what it could not have seen. */
const LAG = lagSteps(DEFAULT_MODEL);

/** Days of a daily course between 1 and 9 instances, with a deterministic roughness on top. */
function daily(days: number, roughness = 0.5): Float64Array {
  return Float64Array.from({ length: days * STEPS_PER_DAY }, (_, t) => {
    const course = 1 - Math.cos((2 * Math.PI * t) / STEPS_PER_DAY);
    return 4 * course + 1 + roughness * Math.sin(t * t);
  });
}

function sizes(rival: string, settings: string, demand: Float64Array): Int32Array {
  const found = RIVALS.find((one) => one.name === rival)
    ?.candidates(demand.length)
    .find((one) => one.settings === settings);
  if (!found) throw new Error(`no ${rival} with ${settings}`);
  return groupSize(found.policy, demand);
}

/** Those that serve: of the one group, which stands for a primary where there is no pool. */
function groupSize(policy: Policy, demand: Float64Array): Int32Array {
  const { primary, full } = decideAlong(policy, demand, LAG);
  return primary.map((size, t) => size + full[t]!);
}

/** One candidate for each way to size the group: pools beside it don't change that. */
function sizesOf(rival: Rival, demand: Float64Array, split: number): Int32Array[] {
  return rival
    .candidates(split)
    .filter(({ settings }) => !/pool (5|10|20)$/.test(settings))
    .map(({ policy }) => groupSize(policy, demand));
}

describe('no rival sees the future', () => {
  /** Changes at the start of a day, within one, and just after a daily forecast. */
  const changes = [4 * STEPS_PER_DAY, 4 * STEPS_PER_DAY + 700, 4 * STEPS_PER_DAY - 1];
  test.each(RIVALS.map((rival): [string, Rival] => [rival.name, rival]))('%s', (_, rival) => {
    const demand = daily(5);
    const split = 3 * STEPS_PER_DAY;
    const before = sizesOf(rival, demand, split);
    for (const change of changes) {
      const other = demand.map((value, t) => (t < change ? value : 40 - value));
      const after = sizesOf(rival, other, split);
      // Demand of the step `change` may be used from `change + LAG` on.
      before.forEach((sizes, i) =>
        expect(after[i]!.findIndex((size, t) => t < change + LAG && size !== sizes[t])).toBe(-1),
      );
    }
  });

  test('and those that react do react once they may', () => {
    const demand = new Float64Array(40).fill(3);
    demand.fill(30, 20);
    for (const [rival, settings] of [
      ['hpa', 'target 0.5'],
      ['mig', 'target 0.5'],
    ] as const) {
      const decided = sizes(rival, settings, demand);
      expect(decided[20 + LAG - 1]).toBe(6);
      expect(decided[20 + LAG]).toBe(60);
    }
  });
});

describe('hpa', () => {
  test('ignores what lies within its tolerance', () => {
    const size = hpaSizer(0.5);
    expect(size(5)).toBe(10);
    expect(size(5.45)).toBe(10);
    expect(size(5.55)).toBe(12);
  });

  test('comes down only to the highest recommendation of the last five minutes', () => {
    const size = hpaSizer(1);
    const seen = [10, 4, 6, 2, 2, 2, 2, 2, 2].map(size);
    expect(seen).toEqual([10, 10, 10, 10, 10, 10, 6, 6, 2]);
  });
});

test('a managed instance group as it comes aims at 60% and waits ten minutes', () => {
  const demand = new Float64Array(40).fill(6);
  demand.fill(0.6, 20);
  const decided = sizes('mig defaults', 'target 0.6', demand);
  expect(decided[19]).toBe(10);
  expect(decided[20 + LAG + 8]).toBe(10);
  expect(decided[20 + LAG + 9]).toBe(1);
});

test('the predictive emulation reacts only until it has seen three days, then sizes for ten minutes ahead', () => {
  const demand = daily(4, 0);
  const predictive = sizes('gcp predictive', 'target 0.8, ahead 10 min', demand);
  const reactive = sizes('mig', 'target 0.8', demand);
  const threeDays = 3 * STEPS_PER_DAY;
  expect(predictive.subarray(0, threeDays)).toEqual(reactive.subarray(0, threeDays));
  // Two hours of the morning's rise: the days are alike, so the forecast is demand itself but for its smoothing.
  for (let t = threeDays + STEPS_PER_DAY / 4; t < threeDays + STEPS_PER_DAY / 4 + 120; t++) {
    const needed = demand[t + 10]! / 0.8;
    expect(predictive[t]).toBeGreaterThanOrEqual(Math.ceil(needed * 0.998));
    expect(predictive[t]).toBeLessThanOrEqual(Math.ceil(needed * 1.002));
  }
});

describe('aws predictive', () => {
  test('tracks its target by two alarms: three minutes above it, a quarter of an hour below 90% of it', () => {
    const size = targetTracking(0.5);
    expect([5, 6, 6, 5, 6, 6, 6].map(size)).toEqual([10, 10, 10, 10, 10, 10, 12]);
    // 5.4 of 12 is 90% of the target, 5.3 is below.
    const falling = [...Array<number>(20).fill(5.4), ...Array<number>(15).fill(5.3)].map(size);
    expect(falling).toEqual([...Array<number>(34).fill(12), 11]);
  });

  test('says nothing before a day is known, then what the hours of the days before were, five minutes ahead', () => {
    const demand = daily(4, 0);
    const decided = sizes('aws predictive', 'target 0.5, max', demand);
    const track = targetTracking(0.5);
    const reactive = Array.from({ length: 25 * 60 }, (_, t) => track(demand[Math.max(0, t - LAG)]!));
    expect([...decided.subarray(LAG + 20, 25 * 60 - 5)]).toEqual(reactive.slice(LAG + 20, 25 * 60 - 5));
    // Days are alike: the largest minute of this hour, and from five minutes before on that of the next.
    const hourly = (hour: number) => Math.max(...demand.subarray(hour * 60, (hour + 1) * 60));
    for (let t = 2 * STEPS_PER_DAY; t < 2 * STEPS_PER_DAY + 720; t++) {
      const needed = Math.max(hourly(Math.floor(t / 60)), hourly(Math.floor((t + 5) / 60)));
      expect(decided[t]).toBeGreaterThanOrEqual(Math.ceil(needed / 0.5 - 1e-9));
    }
  });

  test('a pool stands beside the same group, and changes nothing of it', () => {
    const demand = daily(3);
    const candidates = RIVALS.find(({ name }) => name === 'aws predictive +pool')!.candidates(0);
    const { policy } = candidates.find(({ settings }) => settings === 'target 0.9, mean, pool 10')!;
    const targets = decideAlong(policy, demand, LAG);
    expect(targets.full).toEqual(sizes('aws predictive', 'target 0.9, mean', demand));
    expect(new Set(targets.shadow.subarray(LAG))).toEqual(new Set([10]));
  });
});

describe('autopilot', () => {
  const loads = fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { minLength: 1, maxLength: 200 });

  test('takes the largest load of its window', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 1, max: 30 }), (seen, window) => {
        const maximum = windowMaximum(window);
        seen.forEach((load, i) =>
          expect(maximum(load)).toBe(Math.max(...seen.slice(Math.max(0, i - window + 1), i + 1))),
        );
      }),
    );
  });

  test('takes a percentile in which what is long past counts for nothing', () => {
    fc.assert(
      fc.property(loads, (seen) => {
        const percentile = fadingPercentile(10);
        const last = seen.map(percentile).at(-1)!;
        // No more than the largest, by the edge of its bin.
        expect(last).toBeLessThanOrEqual(Math.max(1e-3, ...seen) * 1.05);
        const settled = Array.from({ length: 200 }, () => percentile(2)).at(-1)!;
        expect(settled / 2).toBeGreaterThan(0.999);
        expect(settled / 2).toBeLessThan(1.051);
      }),
    );
    const percentile = fadingPercentile(1e9);
    const seen = Array.from({ length: 1_000 }, (_, i) => percentile(1 + ((i * 7) % 100)));
    // Of 1 to 100 by turns, 95 is the percentile; a bin is 5% wide.
    expect(seen.at(-1)! / 95.5).toBeGreaterThan(0.95);
    expect(seen.at(-1)! / 95.5).toBeLessThan(1.05);
  });

  test('weights are made small again before they overflow', () => {
    const percentile = fadingPercentile(1);
    const seen = Array.from({ length: 2_000 }, (_, i) => percentile(i < 1_990 ? 1 : 8));
    expect(seen.at(-1)! / 8).toBeGreaterThan(0.999);
  });
});

test('holt-winters says nothing before two days, and never asks for less than the reactive rule', () => {
  const demand = daily(4);
  const decided = sizes('phpa holt-winters', 'target 0.8, smoothing 0.2/0/0.5', demand);
  const reactive = sizes('hpa', 'target 0.8', demand);
  const twoDays = 2 * STEPS_PER_DAY;
  expect(decided.subarray(0, twoDays)).toEqual(reactive.subarray(0, twoDays));
  expect(decided.every((size, t) => size >= reactive[t]!)).toBe(true);
  expect(decided.some((size, t) => size > reactive[t]!)).toBe(true);
});

test('holt-winters has the replicas of the coming ten minutes where days are alike', () => {
  const demand = daily(4, 0);
  const decided = sizes('phpa holt-winters', 'target 0.8, smoothing 0.2/0/0.5', demand);
  const reactive = sizes('hpa', 'target 0.8', demand);
  for (let t = 2 * STEPS_PER_DAY + 10; t < 4 * STEPS_PER_DAY - 10; t += 5) {
    const coming = Math.max(...reactive.subarray(t, t + 10));
    expect(Math.abs(decided[t]! - coming)).toBeLessThanOrEqual(1);
  }
});

test('static peak stays at the largest demand of the training part, whatever follows', () => {
  const demand = new Float64Array(20).fill(2.5);
  demand[4] = 7.2;
  demand[15] = 90;
  const found = RIVALS.find((one) => one.name === 'static peak')!.candidates(10)[0]!;
  const decided = decideAlong(found.policy, demand, LAG).primary;
  expect([...decided.subarray(10)]).toEqual(Array(10).fill(8));
});

describe('crane', () => {
  test('finds a day in daily demand, a week in weekly demand, and nothing in noise', () => {
    const weekly = daily(21).map((value, t) => (Math.floor(t / STEPS_PER_DAY) % 7 < 5 ? value : 1));
    const noise = Float64Array.from({ length: 5 * STEPS_PER_DAY }, (_, t) => 2 + Math.sin(t * t * 0.37));
    expect(findPeriod(daily(5))).toBe(STEPS_PER_DAY);
    expect(findPeriod(weekly)).toBe(7 * STEPS_PER_DAY);
    expect(findPeriod(noise)).toBeUndefined();
    expect(findPeriod(new Float64Array(5 * STEPS_PER_DAY).fill(3))).toBeUndefined();
  });

  test('sizes for the largest demand of the coming hour, with its smallest margin where days are alike', () => {
    const demand = daily(5, 0);
    const decided = sizes('crane dsp', 'target 1, max, window 60 min', demand);
    const reactive = sizes('hpa', 'target 1', demand);
    for (let t = 4 * STEPS_PER_DAY; t < 4 * STEPS_PER_DAY + 1000; t++) {
      const predicted = 1.01 * Math.max(...demand.subarray(t, t + 60));
      expect(decided[t]).toBe(Math.max(reactive[t]!, Math.ceil(predicted - 1e-9)));
    }
  });

  test('keeps the slow course of the last period and removes its roughness', () => {
    const estimate = estimatePeriod(daily(3), STEPS_PER_DAY, 'fft');
    const smooth = (t: number) => 4 * (1 - Math.cos((2 * Math.PI * t) / STEPS_PER_DAY)) + 1;
    const rough = daily(1);
    const error = (values: Float64Array) =>
      Math.sqrt(values.reduce((sum, value, t) => sum + (value - smooth(t)) ** 2, 0) / values.length);
    expect(error(estimate)).toBeLessThan(0.3 * error(rough));
  });
});

describe('the Fourier transform', () => {
  test.each([1, 2, 12, 30, 77, 97])('of %i numbers is the sum that defines it', (n) => {
    const re = Float64Array.from({ length: n }, (_, j) => Math.sin(j * j + 1) + 0.1 * j);
    const spectrum = fft({ re, im: new Float64Array(n) });
    for (let k = 0; k < n; k++) {
      const angle = (j: number) => (-2 * Math.PI * j * k) / n;
      expect(spectrum.re[k]).toBeCloseTo(
        re.reduce((sum, x, j) => sum + x * Math.cos(angle(j)), 0),
        8,
      );
      expect(spectrum.im[k]).toBeCloseTo(
        re.reduce((sum, x, j) => sum + x * Math.sin(angle(j)), 0),
        8,
      );
    }
    inverseReal(spectrum).forEach((value, j) => expect(value).toBeCloseTo(re[j]!, 10));
  });
});
