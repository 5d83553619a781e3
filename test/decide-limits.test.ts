import { describe, expect, it } from 'vitest';
import type { DecideInput } from '../src/domain/decide.ts';
import { decide } from '../src/domain/decide.ts';
import { EMPTY_MEMORY } from '../src/domain/plan.ts';
import { SPIKE, held, totals } from './support/decide-follow.ts';
import { AS_OF, MINUTE_MS, SPEC, forecast, input, specWith } from './support/decide-inputs.ts';

/** What bounds a plan: instances, spend, quota, and the zones that are allowed. */

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
