import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundOf, burstsIn, stepsOf, withSurprise, type ChatterStep } from '../src/domain/chatter.ts';
import {
  afterFailure,
  afterAnswer,
  freshnessOf,
  type EventSource,
  type SourceState,
} from '../src/domain/event-source.ts';
import { factorOf, measureUplifts, worthOfSources, type EventOutcome } from '../src/domain/uplift.ts';

/** What events did is believed as far as the evidence goes; what is said outside counts where it is out of the ordinary. */

const DAY = 86_400_000;
const MINUTE = 60_000;
const outcome = (factor: number, change: Partial<EventOutcome> = {}): EventOutcome => ({
  id: String(factor),
  start: 0,
  source: 'calendar',
  kind: 'campaign',
  factor,
  ...change,
});
const factors = fc.array(fc.double({ min: 0.1, max: 20, noNaN: true }), { minLength: 1, maxLength: 30 });
/** Standard normal numbers from two uniform ones; the same for the same seed. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = () => ((state = (state * 48_271) % 2_147_483_647) + 1) / 2_147_483_648;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe('measured uplift', () => {
  test('lies between what was announced and what was measured, and nearer to it with every event alike', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1.2, max: 5, noNaN: true }),
        fc.double({ min: 0.8, max: 5, noNaN: true }),
        (factor, announced) => {
          const after = (n: number) =>
            measureUplifts(Array.from({ length: n }, () => outcome(factor, { announced })))[0]!;
          const distances = [1, 2, 5, 20, 200].map((n) => Math.abs(Math.log(after(n).expected / factor)));
          for (const [i, distance] of distances.slice(1).entries())
            expect(distance).toBeLessThanOrEqual(distances[i]! + 1e-9);
          expect(distances.at(-1)).toBeLessThan(0.05);
          const { expected } = after(1);
          expect(expected).toBeGreaterThanOrEqual(Math.min(factor, announced) - 1e-9);
          expect(expected).toBeLessThanOrEqual(Math.max(factor, announced) + 1e-9);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is finite and positive, its uncertainty never below none, whatever was measured', () => {
    fc.assert(
      fc.property(factors, (list) => {
        const [{ expected, measured, uncertainty, events }] = measureUplifts(list.map((f) => outcome(f))) as [
          ReturnType<typeof measureUplifts>[0],
        ];
        expect(events).toBe(list.length);
        expect(expected).toBeGreaterThan(0);
        expect(uncertainty).toBeGreaterThan(1);
        expect(Math.abs(Math.log(expected))).toBeLessThanOrEqual(Math.abs(Math.log(measured)) + 1e-9);
      }),
      { numRuns: 200 },
    );
  });

  test('shrunk means come nearer to the truth than plain ones while events are few', () => {
    const normal = normals(7);
    let plain = 0;
    let shrunk = 0;
    for (let kind = 0; kind < 400; kind++) {
      const truth = 0.4 * normal();
      const list = Array.from({ length: 2 }, () => outcome(Math.exp(truth + 0.5 * normal())));
      const [{ measured, expected }] = measureUplifts(list) as [ReturnType<typeof measureUplifts>[0]];
      plain += (Math.log(measured) - truth) ** 2;
      shrunk += (Math.log(expected) - truth) ** 2;
    }
    expect(shrunk).toBeLessThan(0.75 * plain);
  });

  test('kinds and sources are told apart', () => {
    const told = measureUplifts([outcome(2), outcome(3, { kind: 'match' }), outcome(4, { source: 'file' })]);
    expect(told.map(({ source, kind, events }) => [source, kind, events])).toEqual([
      ['calendar', 'campaign', 1],
      ['calendar', 'match', 1],
      ['file', 'campaign', 1],
    ]);
  });
});

describe('the worth of a source', () => {
  const sales = (source: string, factors: number[], change: Partial<EventOutcome> = {}) =>
    factors.map((factor, i) => outcome(factor, { source, id: `${source}${i}`, start: i * DAY, ...change }));

  test('is what is known by it alone: one that tells of what nobody else does is missed', () => {
    const [worth] = worthOfSources(sales('calendar', [2, 2, 2, 2]));
    expect(worth).toMatchObject({ source: 'calendar', events: 4 });
    expect(worth!.errorWithout).toBeCloseTo(2, 6);
    expect(worth!.errorWith).toBeLessThan(1.75);
  });

  test('is nothing where another source tells the same, or where its events change nothing', () => {
    const both = worthOfSources([...sales('a', [2, 2, 2]), ...sales('b', [2, 2, 2])]);
    for (const { errorWith, errorWithout } of both) expect(errorWithout).toBeCloseTo(errorWith, 9);
    const [idle] = worthOfSources(sales('a', [1, 1, 1]));
    expect(idle).toMatchObject({ errorWith: 1, errorWithout: 1 });
  });

  test('is negative where a source announces what does not come', () => {
    const [crier] = worthOfSources(sales('a', [1, 1, 1], { announced: 3 }));
    expect(crier!.errorWith).toBeGreaterThan(crier!.errorWithout);
  });

  test('rests on what came before each event alone: a first one without an announcement is a surprise', () => {
    const [worth] = worthOfSources(sales('a', [4]));
    expect(worth!.errorWith).toBeCloseTo(4, 9);
    const [second] = worthOfSources(sales('a', [4, 4]).toReversed());
    expect(second!.errorWith).toBeLessThan(4);
  });
});

describe('the factor of one event', () => {
  const stepMs = 10 * MINUTE;
  const series = (value: (at: number) => number, from = -21 * DAY, to = 2 * DAY) =>
    Array.from({ length: (to - from) / stepMs }, (_, i) => ({
      at: from + (i + 1) * stepMs,
      value: value(from + (i + 1) * stepMs),
    }));
  const wave = (at: number) => 100 + 50 * Math.sin((2 * Math.PI * at) / DAY);
  const window = { start: 0, end: 3 * 3_600_000 };

  test('is what demand did over the same hours of other days', () => {
    const samples = series((at) => wave(at) * (at > window.start && at <= window.end ? 1.7 : 1));
    expect(factorOf(window, [], samples, stepMs)).toBeCloseTo(1.7, 6);
  });

  test('looks past other events, and past days without demand', () => {
    const other = { start: -7 * DAY, end: -7 * DAY + window.end };
    const during = (at: number, { start, end }: typeof window) => at > start && at <= end;
    const samples = series((at) => wave(at) * (during(at, window) ? 1.7 : during(at, other) ? 5 : 1)).filter(
      ({ at }) => !(at > -DAY && at <= -DAY + window.end),
    );
    expect(factorOf(window, [other], samples, stepMs)).toBeCloseTo(1.7, 6);
  });

  test('is unknown where too little is known', () => {
    expect(factorOf(window, [], series(wave, 0), stepMs)).toBeUndefined();
    expect(factorOf(window, [], series(wave, -21 * DAY, 0), stepMs)).toBeUndefined();
    expect(
      factorOf(
        window,
        [],
        series(() => 0),
        stepMs,
      ),
    ).toBeUndefined();
  });
});

describe('what is said outside', () => {
  const steps = (volumes: number[]): ChatterStep[] => {
    const told: ChatterStep[] = [];
    for (const [i, volume] of volumes.entries())
      told.push(withSurprise({ at: (i + 1) * MINUTE, volume }, told, 'count'));
    return told;
  };

  test('counts that vary by chance alone, high or low, hardly ever make a burst', () => {
    const normal = normals(11);
    for (const mean of [0.5, 5, 50, 500]) {
      const volumes = Array.from({ length: 250 }, () =>
        Math.max(0, Math.round(mean + Math.sqrt(mean) * normal())),
      );
      const told = steps(volumes);
      const bursts = told.filter((step, i) => burstsIn(step, told.slice(0, i)).length > 0);
      expect(bursts.length).toBeLessThanOrEqual(1);
    }
  });

  test('a surge is found at once, however quiet it was before; silence is none', () => {
    const quiet = steps(Array.from({ length: 60 }, (_, i) => i % 5));
    const surge = withSurprise({ at: 61 * MINUTE, volume: 60 }, quiet, 'count');
    expect(burstsIn(surge, quiet)).toMatchObject([{ of: 'volume' }]);
    const busy = steps(Array.from({ length: 60 }, (_, i) => 500 + (i % 5)));
    expect(burstsIn(withSurprise({ at: 61 * MINUTE, volume: 0 }, busy, 'count'), busy)).toEqual([]);
  });

  test('another tone is found, for better or worse, and one text is not enough for it', () => {
    const calm = Array.from({ length: 60 }, (_, i) => ({
      at: i * MINUTE,
      volume: 10,
      sentiment: 0.1 * ((i % 3) - 1),
    }));
    const next = (volume: number, sentiment: number) =>
      withSurprise({ at: 61 * MINUTE, volume, sentiment }, calm, 'count');
    expect(burstsIn(next(10, -0.8), calm)).toMatchObject([{ of: 'sentiment' }]);
    expect(burstsIn(next(10, 0.8), calm)).toMatchObject([{ of: 'sentiment' }]);
    expect(burstsIn(next(1, -0.8), calm)).toEqual([]);
  });

  test('no surprise before there is a history, and never one that is no number', () => {
    expect(steps(Array.from({ length: 20 }, () => 3)).every(({ surprise }) => surprise === undefined)).toBe(
      true,
    );
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 30, maxLength: 60 }),
        fc.constantFrom('count', 'series'),
        (volumes, kind) => {
          const history = volumes.map((volume, i) => ({ at: i, volume }));
          const { surprise } = withSurprise({ at: 100, volume: volumes[0]! }, history, kind as 'count');
          expect(Number.isFinite(surprise?.volume)).toBe(true);
          expect(Number.isFinite(boundOf(history, 'volume'))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('each text falls into exactly one of the steps that are covered', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 599_999 }), { maxLength: 50 }), (times) => {
        const told = stepsOf(
          times.map((at) => ({ at, sentiment: 0.5 })),
          MINUTE,
          0,
          600_000,
        );
        expect(told).toHaveLength(10);
        expect(told.reduce((sum, { volume }) => sum + volume, 0)).toBe(times.length);
      }),
      { numRuns: 50 },
    );
  });
});

test('a source that fails is asked ever less, at least hourly, and asked as before once it answers', () => {
  const source: EventSource = { id: 'a', type: 'social', shape: 'json', url: 'https://a', everyMs: MINUTE };
  let state: SourceState = afterAnswer(source, 0, {});
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    const now = state.nextAt;
    state = afterFailure(source, state, now, 'no answer');
    waits.push((state.nextAt - now) / MINUTE);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  expect(freshnessOf(state, 10 * MINUTE)).toBe('fresh');
  expect(freshnessOf(state, 10 * MINUTE + 1)).toBe('missing');
  state = afterAnswer(source, state.nextAt, {});
  expect(state).toMatchObject({ failures: 0, nextAt: state.lookedAt! + MINUTE });
  expect(state).not.toHaveProperty('problem');
});
