import { describe, expect, it } from 'vitest';
import type { DecideInput } from '../src/domain/decide.ts';
import { decide } from '../src/domain/decide.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { DecisionMemory } from '../src/domain/plan.ts';
import { EMPTY_MEMORY } from '../src/domain/plan.ts';
import { AS_OF, DELAY_MS, MINUTE_MS, SPEC, forecast, input, interval, specWith } from './support/decide-inputs.ts';

const QUIET = interval(280, 300, 320);
const SPIKE = interval(700, 800, 900);

/** Full and warm instances up in us-central1-b. */
function held(full: number, warm = 0, shadow = 0): DecideInput['fleet'] {
  return {
    primary: { serving: 10, minimum: 4, maximum: 30, target: 10 },
    mirrors: [{ zone: 'us-central1-b', full, warm, shadow, serving: full }],
  };
}

/** Decisions at every minute of a list of forecasts, memory handed on, the fleet following the plan at once. */
function follow(forecasts: Partial<ForecastDigest>[], start: DecideInput = input()) {
  let { memory, fleet } = start;
  return forecasts.map((changes, minute) => {
    const asOf = AS_OF + minute * MINUTE_MS;
    const decision = decide({
      ...start,
      memory,
      fleet,
      forecast: forecast({ asOf, issuedAt: asOf + DELAY_MS, ...changes }),
    });
    memory = decision.memory;
    const mirrors = decision.plan.mirrors.map((mirror) => ({ ...mirror, serving: mirror.full }));
    fleet = { ...fleet, mirrors };
    return decision;
  });
}

const totals = (decision: ReturnType<typeof decide>) =>
  decision.plan.mirrors.reduce(
    ([full, warm, shadow], mirror) => [full! + mirror.full, warm! + mirror.warm, shadow! + mirror.shadow],
    [0, 0, 0],
  );

describe('what is raised', () => {
  it('nothing on a quiet day', () => {
    const { plan, reasons, nextLookMs } = decide(input());
    expect(plan.mirrors).toEqual([]);
    expect(plan.primaryMinimum).toBe(4);
    expect(reasons.headline).toBe(
      '14:02 forecast: upper bound 320 req/s stays below the threshold 450; nothing to raise',
    );
    expect(nextLookMs).toBe(2 * MINUTE_MS);
  });

  it('full for the lower bound, warm for the median, shadow for the upper bound of their windows', () => {
    // Full: 540 / 45 = 12, less 10. Warm: 675 / 45 = 15. Shadow: 900 / 45 = 20.
    const windows = {
      full: { ...interval(540, 600, 700), end: AS_OF + 4 * MINUTE_MS },
      warm: interval(600, 675, 800),
      shadow: interval(650, 800, 900),
    };
    const { plan, reasons } = decide(input({ forecast: forecast({ windows }) }));
    expect(plan).toEqual({
      id: `shop@${AS_OF}`,
      application: 'shop',
      asOf: AS_OF,
      mirrors: [{ zone: 'us-central1-b', full: 2, warm: 3, shadow: 5 }],
      primaryMinimum: 4,
    });
    expect(reasons.wanted).toEqual({ full: 2, fullAndWarm: 5, fullWarmAndShadow: 10, reactive: 0 });
    expect(reasons.threshold).toBe(450);
    expect(reasons.spendPerHour).toBeCloseTo(0.2 + 0.03 + 0.005);
    expect(reasons.headline).toBe(
      '14:02 forecast: lower bound 540 req/s passes the threshold 450 by 14:04; ' +
        'raising 2 full and 3 warm and 5 shadow in us-central1-b',
    );
  });

  it('what the primary is already growing to carry is not raised as warm', () => {
    const windows = { full: QUIET, warm: interval(300, 600, 670), shadow: interval(300, 600, 670) };
    const fleet = { primary: { serving: 10, minimum: 4, maximum: 30, target: 15 }, mirrors: [] };
    expect(decide(input({ forecast: forecast({ windows }), fleet })).plan.mirrors).toEqual([]);
  });

  it('full for observed demand beyond the primary, whatever the forecast says', () => {
    const { plan, reasons } = decide(input({ forecast: forecast({ observed: 690 }) }));
    expect(totals({ plan } as never)).toEqual([4, 0, 0]);
    expect(reasons.headline).toContain("demand 690 req/s is more than the primary's 10 instances carry");
  });

  it('nothing on the word of a cold forecast', () => {
    const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };
    const { plan, reasons } = decide(
      input({ forecast: forecast({ quality: 'cold', windows, sustained: 900 }) }),
    );
    expect(plan.mirrors).toEqual([]);
    expect(plan.primaryMinimum).toBe(4);
    expect(reasons.bindings).toEqual(['cold forecast: only observed demand counts']);
  });

  it('a factor above 1 leaves noise to the autoscaler, and what passes it is covered in full', () => {
    const settings = { ...input().settings, thresholdFactor: 1.15 };
    const upTo = (upper: number) => {
      const windows = { full: QUIET, warm: QUIET, shadow: interval(280, 300, upper) };
      return totals(decide(input({ settings, forecast: forecast({ windows }) })));
    };
    expect(upTo(574)).toEqual([0, 0, 0]);
    expect(upTo(576)).toEqual([0, 0, 2]);
  });

  it('more under a lower threshold factor: feedback has a lever', () => {
    const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };
    const at = (thresholdFactor: number) =>
      totals(
        decide(
          input({ forecast: forecast({ windows }), settings: { ...input().settings, thresholdFactor } }),
        ),
      );
    expect(at(0.7)[0]).toBeGreaterThan(at(0.9)[0]!);
  });
});

describe("the primary's minimum", () => {
  it('goes ahead of its autoscaler for demand that lasts', () => {
    const { plan, reasons } = decide(input({ forecast: forecast({ sustained: 700 }) }));
    expect(plan.primaryMinimum).toBe(16);
    expect(reasons.headline).toContain("raising the primary's minimum from 4 to 16");
  });

  it('stays what it is while the autoscaler holds enough by itself', () => {
    expect(decide(input({ forecast: forecast({ sustained: 440 }) })).plan.primaryMinimum).toBe(4);
  });

  it('never passes its maximum, and never falls below what it was before us', () => {
    expect(decide(input({ forecast: forecast({ sustained: 9_000 }) })).plan.primaryMinimum).toBe(30);
    const fleet = { primary: { serving: 16, minimum: 16, maximum: 30, target: 20 }, mirrors: [] };
    const later = forecast({ sustained: 10 });
    expect(decide(input({ forecast: later, fleet, primaryMinimumBefore: 4 })).plan.primaryMinimum).toBe(4);
    expect(decide(input({ forecast: later, fleet })).plan.primaryMinimum).toBe(16);
  });

  it('is held while it is what holds the primary up, and lowered once no look of the break-even window wanted it', () => {
    const fleet = { primary: { serving: 16, minimum: 16, maximum: 30, target: 16 }, mirrors: [] };
    const start = input({ fleet, primaryMinimumBefore: 4 });
    const minima = follow([{ sustained: 700 }, ...Array(40).fill({ sustained: 100 })], start).map(
      (decision) => decision.plan.primaryMinimum,
    );
    expect(minima.slice(0, 30)).toEqual(Array(30).fill(16));
    expect(minima[30]).toBe(4);
  });

  it('is raised only to what every look of the break-even window wanted: until then mirrors carry it', () => {
    const fleet = { primary: { serving: 4, minimum: 4, maximum: 30, target: 4 }, mirrors: [] };
    const minima = follow([{ sustained: 100 }, ...Array(40).fill({ sustained: 700 })], input({ fleet })).map(
      (decision) => decision.plan.primaryMinimum,
    );
    expect(minima.slice(0, 30)).toEqual(Array(30).fill(4));
    expect(minima[30]).toBeGreaterThan(4);
  });
});

describe('letting go', () => {
  const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };
  const spike: Partial<ForecastDigest> = { windows, observed: 700 };

  it('waits out the stabilisation window, then goes slowly, and ends at nothing', () => {
    const start = input({ settings: { ...input().settings, parkingMs: 0 } });
    const decisions = follow([spike, ...Array<Partial<ForecastDigest>>(60).fill({})], start);
    const sizes = decisions.map((decision) => totals(decision).reduce((sum, count) => sum + count, 0));
    const first = sizes[0]!;
    expect(sizes.slice(0, 10)).toEqual(Array(10).fill(first));
    expect(sizes[10]).toBe(Math.floor(first / 2));
    expect(sizes.at(-1)).toBe(0);
    for (let i = 1; i < sizes.length; i++) expect(sizes[i]).toBeLessThanOrEqual(sizes[i - 1]!);
  });

  it('what was full stays parked as warm for its time, and no longer', () => {
    const start = input({
      settings: { ...input().settings, parkingMs: 30 * MINUTE_MS, scaleDownFraction: 1 },
    });
    const decisions = follow([spike, ...Array<Partial<ForecastDigest>>(60).fill({})], start);
    expect(totals(decisions[0]!)[0]).toBe(6);
    expect(totals(decisions[30]!)).toEqual([0, 6, 0]);
    expect(totals(decisions.at(-1)!)).toEqual([0, 0, 0]);
  });

  it('readiness goes first, to warm: that is undone within seconds', () => {
    const [full, warm] = [0, 1].map((tier) =>
      follow([spike, ...Array<Partial<ForecastDigest>>(6).fill({})]).map(
        (decision) => totals(decision)[tier]!,
      ),
    );
    expect(full!.slice(0, 4)).toEqual(Array(4).fill(full![0]));
    expect(full![4]).toBe(0);
    expect(warm![4]).toBe(full![0]! + warm![0]!);
  });

  it('a full that is no longer wanted becomes warm while it is wanted there', () => {
    const likely = { full: QUIET, warm: interval(600, 720, 800), shadow: interval(600, 720, 720) };
    const { plan, reasons } = decide(input({ fleet: held(6), forecast: forecast({ windows: likely }) }));
    expect(plan.mirrors).toEqual([{ zone: 'us-central1-b', full: 0, warm: 6, shadow: 0 }]);
    expect(reasons.headline).toContain('6 full become warm in us-central1-b');
  });

  it('a drop that nobody forecast lets nothing go', () => {
    const drop = { observed: 20, expected: interval(250, 300, 350) };
    const decision = decide(input({ fleet: held(4, 2), forecast: forecast(drop) }));
    expect(totals(decision)).toEqual([4, 2, 0]);
    expect(decision.reasons.bindings).toContain('unexpected drop: nothing is let go');
    expect(
      totals(decide(input({ fleet: held(4, 2), forecast: forecast({ ...drop, observed: 240 }) }))),
    ).toEqual([0, 0, 0]);
  });

  it('a stale forecast lets nothing go and raises nothing', () => {
    const now = AS_OF + DELAY_MS + 10 * MINUTE_MS;
    const decision = decide(input({ fleet: held(4, 2), forecast: forecast({ windows }), now }));
    expect(totals(decision)).toEqual([4, 2, 0]);
    expect(decision.reasons.headline).toBe(
      '14:02 no demand seen since 14:00; keeping 4 full and 2 warm in us-central1-b',
    );
  });

  it('what is on its way to shadow, and shows as running, is held as shadow', () => {
    const memory: DecisionMemory = {
      ...EMPTY_MEMORY,
      mirrors: [{ zone: 'us-central1-b', full: 0, warm: 0, shadow: 4 }],
    };
    const now = AS_OF + DELAY_MS + 10 * MINUTE_MS;
    expect(totals(decide(input({ fleet: held(4), memory, now })))).toEqual([0, 0, 4]);
  });
});

describe('what an operator says', () => {
  it('pause keeps what is, whatever comes', () => {
    const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };
    const decision = decide(input({ fleet: held(3, 1), forecast: forecast({ windows }), paused: true }));
    expect(decision.plan.mirrors).toEqual([{ zone: 'us-central1-b', full: 3, warm: 1, shadow: 0 }]);
    expect(decision.reasons.headline).toBe('14:02 paused: keeping 3 full and 1 warm in us-central1-b');
  });

  it('forced counts are held in their zone, and what they hold need not be raised elsewhere', () => {
    const windows = { full: interval(540, 560, 580), warm: QUIET, shadow: QUIET };
    const forced = { 'us-central1-c': { full: 2, warm: 1, shadow: 0 } };
    const { plan, reasons } = decide(input({ forced, forecast: forecast({ windows }) }));
    expect(plan.mirrors).toEqual([{ zone: 'us-central1-c', full: 2, warm: 1, shadow: 0 }]);
    expect(reasons.bindings).toContain('forced: us-central1-c');
  });

  it('what was forced goes at once when released: neither slowly nor into parking', () => {
    const forced = { 'us-central1-b': { full: 4, warm: 1, shadow: 0 } };
    const { memory } = decide(input({ forced }));
    const released = decide(
      input({
        forecast: forecast({ asOf: AS_OF + MINUTE_MS, issuedAt: AS_OF + 5 * MINUTE_MS }),
        fleet: held(4, 1),
        memory,
      }),
    );
    expect(released.plan.mirrors).toEqual([]);
  });
});

describe('limits', () => {
  const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };

  it('of instances cut the least ready first', () => {
    const spec = specWith({ limits: { instances: 7, spendPerHour: { amount: 12, currency: 'USD' } } });
    const decision = decide(input({ spec, forecast: forecast({ windows }) }));
    expect(totals(decision)).toEqual([6, 1, 0]);
    expect(decision.reasons.bindings).toContain('limit: 7 instances');
  });

  it('of spend keep as warm what cannot be paid as full', () => {
    const spec = specWith({ limits: { instances: 40, spendPerHour: { amount: 0.45, currency: 'USD' } } });
    const decision = decide(input({ spec, forecast: forecast({ windows }) }));
    expect(totals(decision)).toEqual([4, 4, 2]);
    expect(decision.reasons.spendPerHour).toBeLessThanOrEqual(0.45);
    expect(decision.reasons.bindings).toContain('limit: 0.45 USD an hour');
  });

  it('of spend in another currency than the prices are refused, naming both', () => {
    const spec = specWith({ limits: { instances: 40, spendPerHour: { amount: 5, currency: 'EUR' } } });
    expect(() => decide(input({ spec }))).toThrow(
      /mirrors.limits.spendPerHour: 5 EUR, but prices are in USD/,
    );
  });
});

describe('zones', () => {
  const windows = { full: SPIKE, warm: SPIKE, shadow: SPIKE };
  const mirrorsFor = (changes: Partial<DecideInput>) =>
    decide(input({ forecast: forecast({ windows }), ...changes })).plan.mirrors;

  it("the primary's own zone is never used", () => {
    const spec = specWith({ zones: ['us-central1-a', 'us-central1-c'] });
    expect(mirrorsFor({ spec }).map((mirror) => mirror.zone)).toEqual(['us-central1-c']);
  });

  it('a zone with little quota spills over to the next within the same decision', () => {
    const spec = specWith({ zones: ['us-central1-b', 'us-east1-c'] });
    const capacity = [
      { zone: 'us-central1-b', quotaLeft: 5 },
      { zone: 'us-east1-c', quotaLeft: 4 },
    ];
    expect(mirrorsFor({ spec, capacity })).toEqual([
      { zone: 'us-central1-b', full: 5, warm: 0, shadow: 0 },
      { zone: 'us-east1-c', full: 1, warm: 2, shadow: 1 },
    ]);
  });

  it('zones of one region share its quota', () => {
    const capacity = ['us-central1-b', 'us-central1-c'].map((zone) => ({ zone, quotaLeft: 3 }));
    const decision = decide(input({ forecast: forecast({ windows }), capacity }));
    expect(totals(decision)).toEqual([3, 0, 0]);
    expect(decision.reasons.bindings.join()).toContain('no room for 7 more');
  });

  it('a zone that ran dry is left alone until its time, and keeps what it holds', () => {
    const memory = { wants: [], dryUntil: { 'us-central1-b': AS_OF + MINUTE_MS } };
    expect(mirrorsFor({ memory }).map((mirror) => mirror.zone)).toEqual(['us-central1-c']);
    expect(mirrorsFor({ memory, fleet: held(2) })[0]).toMatchObject({
      zone: 'us-central1-b',
      full: 2,
      warm: 0,
    });
    const over = { wants: [], dryUntil: { 'us-central1-b': AS_OF } };
    expect(decide(input({ memory: over })).memory.dryUntil).toEqual({});
  });

  it('a mirror grows where it is, and a standby there serves before a new instance is made', () => {
    const fleet = {
      primary: { serving: 10, minimum: 4, maximum: 30, target: 10 },
      mirrors: [{ zone: 'us-central1-c', full: 0, warm: 6, shadow: 0, serving: 0 }],
    };
    expect(mirrorsFor({ fleet })).toEqual([{ zone: 'us-central1-c', full: 6, warm: 2, shadow: 2 }]);
  });

  it('what was planned somewhere stays there while the cloud does not show it yet', () => {
    const memory = { ...EMPTY_MEMORY, mirrors: [{ zone: 'us-central1-c', full: 6, warm: 2, shadow: 1 }] };
    expect(mirrorsFor({ memory }).map((mirror) => mirror.zone)).toEqual(['us-central1-c']);
  });

  it('no zone holds more than half where the objective is above 99.95%', () => {
    const spec = { ...SPEC, objectives: { ...SPEC.objectives, availability: 0.9999 } };
    const sizes = mirrorsFor({ spec }).map(({ full, warm, shadow }) => full + warm + shadow);
    expect(sizes).toEqual([5, 5]);
  });
});

describe('the next look', () => {
  it('is near while something is up or close, far otherwise', () => {
    const near = MINUTE_MS;
    expect(decide(input()).nextLookMs).toBe(2 * near);
    expect(decide(input({ fleet: held(1) })).nextLookMs).toBe(near);
    const close = { full: QUIET, warm: QUIET, shadow: interval(280, 300, 420) };
    expect(decide(input({ forecast: forecast({ windows: close }) })).nextLookMs).toBe(near);
  });
});
