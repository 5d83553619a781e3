import { describe, expect, test } from 'vitest';
import { fft, inverseReal } from '../src/backtest/fft.ts';
import { DEFAULT_MODEL, STEPS_PER_DAY, lagSteps } from '../src/backtest/model.ts';
import { decideAlong } from '../src/backtest/policy.ts';
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
  return decideAlong(found.policy, demand, LAG).primary;
}

describe('no rival sees the future', () => {
  /** Changes at the start of a day, within one, and just after a daily forecast. */
  const changes = [4 * STEPS_PER_DAY, 4 * STEPS_PER_DAY + 700, 4 * STEPS_PER_DAY - 1];
  test.each(RIVALS.map((rival): [string, Rival] => [rival.name, rival]))('%s', (_, rival) => {
    const demand = daily(5);
    const split = 3 * STEPS_PER_DAY;
    const before = rival.candidates(split).map((one) => decideAlong(one.policy, demand, LAG).primary);
    for (const change of changes) {
      const other = demand.map((value, t) => (t < change ? value : 40 - value));
      const after = rival.candidates(split).map((one) => decideAlong(one.policy, other, LAG).primary);
      // Demand of the step `change` may be used from `change + LAG` on.
      before.forEach((sizes, i) =>
        expect(after[i]!.subarray(0, change + LAG)).toEqual(sizes.subarray(0, change + LAG)),
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
