import { describe, expect, it } from 'vitest';
import { decide } from '../src/domain/decide.ts';
import { QUIET, SPIKE, held, follow, totals } from './support/decide-follow.ts';
import { AS_OF, MINUTE_MS, forecast, input, interval } from './support/decide-inputs.ts';

/** What a decision raises, what it makes of the primary's minimum and of an operator's word, and when it looks again. */

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

describe('the next look', () => {
  it('is near while something is up or close, far otherwise', () => {
    const near = MINUTE_MS;
    expect(decide(input()).nextLookMs).toBe(2 * near);
    expect(decide(input({ fleet: held(1) })).nextLookMs).toBe(near);
    const close = { full: QUIET, warm: QUIET, shadow: interval(280, 300, 420) };
    expect(decide(input({ forecast: forecast({ windows: close }) })).nextLookMs).toBe(near);
  });
});
