import { describe, expect, it } from 'vitest';
import type { Fitted } from '../models/forecaster.ts';
import { halfWidthsAt } from '../models/forecaster.ts';
import type { PipelineState } from '../models/pipeline.ts';
import { newPipeline, runPipeline } from '../models/pipeline.ts';
import { normal, seededRandom } from '../src/cli/up/random.ts';

/** Protects the intervals of single steps: as wide as the model expects there, right in share whatever it expects, soon wider after a shift. */

const STEP_MS = 300_000;
const DAY = 288;
const at = (step: number) => (step + 1) * STEP_MS;
const random = seededRandom(5);
/** Spread of each hour's noise, drawn anew for each: no time of day tells it. */
const spreads = Array.from({ length: 24 * 20 }, () => (random() < 0.5 ? 2 : 10));
const spreadAt = (step: number) => spreads[Math.floor(step / 12)]!;
const noise = Array.from({ length: DAY * 20 }, (_, step) => normal(random) * spreadAt(step));

/** A fit that knows each hour's spread, `surer` times too small. */
function fitted(step: number, surer: number): Fitted {
  const half = Array.from({ length: DAY + 12 }, (_, i) => (1.96 * spreadAt(step + 1 + i)) / surer);
  const path = half.map(() => 200);
  return {
    model: 'premirror',
    asOf: at(step),
    stepMs: STEP_MS,
    path,
    fan: { stepMs: STEP_MS, down: half, up: half },
  };
}

/** The fan an hour ahead at each step, fitted at every one. */
function* anHourAhead(surer: number | undefined, values: readonly number[]) {
  let state: PipelineState = newPipeline(STEP_MS, 0.95);
  for (let step = 0; step < values.length - 12; step++) {
    const { fan, ...plain } = fitted(step, surer ?? 1);
    const out = runPipeline(state, {
      samples: [{ at: at(step), value: values[step]! }],
      asOf: at(step),
      windowsMs: [2 * STEP_MS],
      horizonMs: 24 * STEP_MS,
      sustainedMs: 4 * STEP_MS,
      fit: surer === undefined ? plain : { ...plain, fan: fan! },
    });
    state = out.state;
    yield { step: step + 12, ...out.fan.find((point) => point.at === at(step + 12))! };
  }
}

/** Share of outcomes within, and mean width, from the fifth day on. */
function judged(surer: number | undefined) {
  const values = noise.slice(0, DAY * 12).map((value) => 200 + value);
  let [within, width, count] = [0, 0, 0];
  for (const { step, lower, upper } of anHourAhead(surer, values)) {
    if (step < 5 * DAY) continue;
    within += Number(values[step]! >= lower && values[step]! <= upper);
    width += upper - lower;
    count++;
  }
  return { coverage: within / count, width: width / count };
}

describe('the interval of a single step', () => {
  it('covers 95%, narrower by what the model knows of the hour', () => {
    const [knowing, ignorant] = [judged(1), judged(undefined)];
    for (const { coverage } of [knowing, ignorant]) expect(Math.abs(coverage - 0.95)).toBeLessThan(0.015);
    expect(knowing.width).toBeLessThan(0.9 * ignorant.width);
  });

  it('covers 95% of a model that is far too sure, or too unsure', () => {
    for (const surer of [5, 0.2]) expect(Math.abs(judged(surer).coverage - 0.95)).toBeLessThan(0.015);
  });

  it('leaves the model its median, and is the wider within hours the larger errors have become', () => {
    const values = noise.slice(0, DAY * 7).map((value, step) => 200 + (step < DAY * 6 ? 1 : 4) * value);
    const widths: number[] = [];
    for (const { lower, median, upper, step } of anHourAhead(1, values)) {
      expect(lower).toBeLessThan(median);
      expect(upper).toBeGreaterThan(median);
      widths[step] = (upper - lower) / spreadAt(step);
    }
    const mean = (from: number) => widths.slice(from, from + 36).reduce((sum, each) => sum + each, 0) / 36;
    expect(mean(DAY * 6 + 48)).toBeGreaterThan(2 * mean(DAY * 6 - 36));
  });
});

describe('half-widths of a fit', () => {
  it('are lines between those given, the nearest beyond, none where the model has none', () => {
    const { fan: _, ...plain } = fitted(0, 1);
    const coarse = { ...plain, asOf: 0, fan: { stepMs: 10, down: [1, 3], up: [2, 8] } };
    const [first, between, beyond] = [5, 15, 99].map((time) => halfWidthsAt(coarse, time));
    expect([first, between, beyond]).toEqual([
      { down: 1, up: 2 },
      { down: 2, up: 5 },
      { down: 3, up: 8 },
    ]);
    expect(halfWidthsAt(plain, 15)).toBeUndefined();
  });
});
