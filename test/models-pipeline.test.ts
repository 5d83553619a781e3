import { beforeAll, describe, expect, it } from 'vitest';
import { loadInstalledMstlEts, warmUpBest } from '../models/fitter.ts';
import type { Forecaster } from '../models/forecaster.ts';
import { until } from '../models/forecaster.ts';
import type { PipelineState } from '../models/pipeline.ts';
import { newPipeline, runPipeline } from '../models/pipeline.ts';
import { samplesIn } from '../models/warm-up.ts';
import { CROWD_MINUTE, DAY_MS, MINUTE_MS, at, flashCrowds, historyOf } from './support/models-series.ts';

const DAY = 1440;
const HORIZON_MS = 60 * MINUTE_MS;
const WINDOWS = [5, 10, 15];

const values = flashCrowds(9, 5);
const history = historyOf(values);
let mstl: Forecaster;
/** Warmed up on the first seven days. */
let warm: PipelineState;

/** What was forecast at each step of the eighth day, refitted every two hours. By index. */
const walked = new Map<number, ReturnType<typeof runPipeline>>();

beforeAll(async () => {
  mstl = await loadInstalledMstlEts();
  warm = warmUpBest(mstl, until(history, at(7 * DAY - 1), 7 * DAY_MS), 0.95, DAY + 120);
  let state = warm;
  for (let i = 7 * DAY; i < 8 * DAY; i++) {
    const refit = (i - 7 * DAY) % 120 === 119;
    const out = runPipeline(state, {
      samples: [{ at: at(i), value: values[i]! }],
      asOf: at(i),
      windowsMs: WINDOWS.map((minutes) => minutes * MINUTE_MS),
      horizonMs: HORIZON_MS,
      sustainedMs: 30 * MINUTE_MS,
      ...(refit ? { fit: mstl.fit(until(history, at(i), 5 * DAY_MS), DAY + 120) } : {}),
    });
    state = out.state;
    walked.set(i, out);
  }
});

function step(state: PipelineState, index: number, value: number | undefined) {
  return runPipeline(state, {
    samples: value === undefined ? [] : [{ at: at(index), value }],
    asOf: at(index),
    windowsMs: [10 * MINUTE_MS],
    horizonMs: HORIZON_MS,
    sustainedMs: 30 * MINUTE_MS,
  });
}

describe('the pipeline', () => {
  it('covers 95% of window maxima and of single steps over a day with a jittered crowd', () => {
    const hits: Record<string, number> = {};
    for (const [i, out] of walked) {
      WINDOWS.forEach((minutes, w) => {
        const actual = Math.max(...values.slice(i + 1, i + 1 + minutes));
        const { lower, upper } = out.windows[w]!;
        if (actual >= lower && actual <= upper)
          hits[`window ${minutes}`] = (hits[`window ${minutes}`] ?? 0) + 1;
      });
      for (const lead of [1, 15, 60]) {
        const point = out.fan.find((p) => p.at === at(i + lead))!;
        const actual = values[i + lead]!;
        if (actual >= point.lower && actual <= point.upper)
          hits[`step ${lead}`] = (hits[`step ${lead}`] ?? 0) + 1;
      }
    }
    for (const [what, count] of Object.entries(hits)) {
      expect(count / walked.size, what).toBeGreaterThan(0.93);
      expect(count / walked.size, what).toBeLessThan(0.975);
    }
    expect(Object.keys(hits)).toHaveLength(6);
  });

  it('sees the daily crowd coming: likely before it starts, certain when it is due, and not an hour before', () => {
    const crowd = 7 * DAY + CROWD_MINUTE;
    const seen = { get: (minutes: number) => walked.get(crowd + minutes) };
    expect(seen.get(-60)!.windows[1]!.upper).toBeLessThan(550);
    expect(seen.get(-4)!.windows[1]!.median).toBeGreaterThan(550);
    expect(seen.get(0)!.windows[1]!.lower).toBeGreaterThan(500);
    expect(seen.get(-30)!.sustained).toBeLessThan(500);
    expect(seen.get(5)!.sustained).toBeGreaterThan(500);
  });

  it('a longer window never has a lower maximum, and the lower end never lies above the upper', () => {
    for (const { windows, fan } of walked.values()) {
      for (const { lower, median, upper } of [...windows, ...fan]) {
        expect(lower).toBeLessThanOrEqual(median);
        expect(median).toBeLessThanOrEqual(upper);
      }
      for (const key of ['lower', 'median', 'upper'] as const) {
        expect(windows[0]![key]).toBeLessThanOrEqual(windows[1]![key]);
        expect(windows[1]![key]).toBeLessThanOrEqual(windows[2]![key]);
      }
    }
  });

  it('is pure: the state given stays as it was, and the same input gives the same output', () => {
    const before = JSON.stringify(warm);
    const first = step(warm, 7 * DAY, 300);
    expect(JSON.stringify(warm)).toBe(before);
    expect(step(warm, 7 * DAY, 300)).toEqual(first);
  });

  it('goes on the same from its JSON', () => {
    const copy = JSON.parse(JSON.stringify(warm)) as PipelineState;
    expect(step(copy, 7 * DAY, 300)).toEqual(step(warm, 7 * DAY, 300));
  });

  it('learns nothing twice from a sample given twice', () => {
    const once = step(warm, 7 * DAY, 300).state;
    expect(step(once, 7 * DAY, 300).state).toEqual(once);
  });

  it('takes a gap for missing, not for zero: the level stays, and no window over it is scored', () => {
    let state = warm;
    const countsBefore = state.probes.map((probe) => probe.calibration.count);
    for (let i = 7 * DAY; i < 7 * DAY + 30; i++) state = step(state, i, undefined).state;
    const out = step(state, 7 * DAY + 30, undefined);
    expect(out.observed).toBe(values[7 * DAY - 1]);
    expect(out.windows[0]!.lower).toBeGreaterThan(100);
    expect(out.state.probes.map((probe) => probe.calibration.count)).toEqual(countsBefore);
  });

  it('follows a shift of the level within minutes, and says that it was not expected', () => {
    let { state } = walked.get(7 * DAY + 119)!;
    for (let i = 7 * DAY + 120; i < 7 * DAY + 135; i++) state = step(state, i, 2 * values[i]!).state;
    const out = step(state, 7 * DAY + 135, 2 * values[7 * DAY + 135]!);
    expect(out.windows[0]!.median).toBeGreaterThan(1.8 * values[7 * DAY + 135]!);
    expect(out.observed).toBeGreaterThan(out.expected!.upper);
  });

  it('says cold until residuals have matured, and fallback without the heavy model', () => {
    let state = newPipeline(MINUTE_MS, 0.95);
    const qualities: string[] = [];
    for (let i = 0; i < 240; i++) {
      const out = step(state, i, values[i]);
      state = out.state;
      qualities.push(out.quality);
    }
    expect(qualities[150]).toBe('cold');
    expect(qualities.at(-1)).toBe('fallback');
    // The first errors, before there was a scale to measure them in, must not blow the interval up.
    expect(step(state, 240, values[240]).windows[0]!.upper).toBeLessThan(2 * values[240]!);
    expect(step(warm, 7 * DAY, 300).quality).toBe('calibrated');
  });

  it('without any sample it forecasts nothing, and says so', () => {
    const out = step(newPipeline(MINUTE_MS, 0.95), 0, undefined);
    expect(out.quality).toBe('cold');
    expect(out.observed).toBe(0);
    expect(out.windows[0]!.upper).toBe(0);
  });

  it('reads samples of a history by time', () => {
    expect(samplesIn(history, at(1), at(3)).map((sample) => sample.at)).toEqual([at(2), at(3)]);
  });
});
