import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecideInput } from '../src/domain/decide.ts';
import { decide } from '../src/domain/decide.ts';
import type { NearTermOutlook } from '../src/domain/forecast.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import { sumOf } from '../src/domain/tier.ts';
import { follow, totals } from './support/decide-follow.ts';
import { AS_OF, MINUTE_MS, forecast, input, nearTerm, specWith } from './support/decide-inputs.ts';

/**
 * Policy `cost` in a whole decision: mirrors are bought for what is worth its price beyond the primary, and for nothing
 * else. An instance carries 50, ten serve as primary; the threshold factor of the inputs is 0.9.
 */
const SPEC = specWith({
  policy: 'cost',
  limits: { instances: 100, spendPerHour: { amount: 100, currency: 'USD' } },
});

function given(outlook: NearTermOutlook, changes: Partial<DecideInput> = {}): DecideInput {
  return input({ spec: SPEC, forecast: forecast({ nearTerm: outlook }), ...changes });
}
const planned = (of: DecideInput): TierCounts => sumOf(decide(of).plan.mirrors);
const primary = (serving: number, target = serving) => ({ serving, minimum: 4, maximum: 30, target });
const never = (levels: number) => Array.from({ length: levels }, () => 0);
const called = (perHour: number) => Array.from({ length: 14 }, () => perHour);

describe('the cost policy', () => {
  it('raises as full what is needed almost surely beyond the primary', () => {
    expect(planned(given(nearTerm(650, 10, never(15))))).toMatchObject({ full: 15 - 10 });
  });

  it('raises nothing while the primary carries all that is worth its price', () => {
    expect(planned(given(nearTerm(300, 50, never(12))))).toEqual({ full: 0, warm: 0, shadow: 0 });
  });

  it('keeps at hand what demand calls for unforeseen, the readier the more often', () => {
    const held = { zone: 'us-central1-b', full: 4, warm: 0, shadow: 0, serving: 4 };
    const fleet = { primary: primary(10), mirrors: [held] };
    const rare = planned(given(nearTerm(300, 10, called(0.1)), { fleet }));
    const often = planned(given(nearTerm(300, 10, called(1))));
    expect(rare).toEqual({ full: 0, warm: 0, shadow: 4 });
    expect(planned(given(nearTerm(300, 10, never(14)), { fleet }))).toEqual({ full: 0, warm: 0, shadow: 0 });
    expect(often).toEqual({ full: 0, warm: 4, shadow: 0 });
  });

  it("counts what the primary's autoscaler has asked for, and bridges it only with what is warm", () => {
    const coming = { primary: primary(10, 15), mirrors: [] };
    expect(planned(given(nearTerm(650, 10, never(15)), { fleet: coming })).full).toBe(0);
    const warm = { zone: 'us-central1-b', full: 0, warm: 3, shadow: 0, serving: 0 };
    const bridged = planned(given(nearTerm(650, 10, never(15)), { fleet: { ...coming, mirrors: [warm] } }));
    expect(bridged.full).toBe(3);
  });

  it('goes on bridging for a third of the stabilisation window: by serving it hides the load that called for it', () => {
    const outlook = nearTerm(300, 10, never(12));
    const warm = { zone: 'us-central1-b', full: 0, warm: 3, shadow: 0, serving: 0 };
    const first = decide(given(outlook, { fleet: { primary: primary(10, 13), mirrors: [warm] } }));
    expect(sumOf(first.plan.mirrors).full).toBe(3);
    const full = { zone: 'us-central1-b', full: 3, warm: 0, shadow: 0, serving: 3 };
    const later = (minutes: number) =>
      planned(
        given(outlook, {
          fleet: { primary: primary(10), mirrors: [full] },
          memory: first.memory,
          forecast: forecast({ nearTerm: outlook, asOf: AS_OF + minutes * MINUTE_MS }),
        }),
      ).full;
    expect([1, 3, 4].map(later)).toEqual([3, 3, 0]);
  });

  it('parks nothing: how ready an instance waits for the next call follows its price at once', () => {
    const settings = { ...input().settings, parkingMs: 60 * MINUTE_MS };
    const crowd = { nearTerm: nearTerm(650, 10, called(0.1)), observed: 640 };
    const after = { nearTerm: nearTerm(300, 10, called(0.1)) };
    const decisions = follow(
      [crowd, ...Array<typeof after>(6).fill(after)],
      given(after.nearTerm, { settings }),
    );
    expect(totals(decisions[0]!)[0]).toBe(5);
    expect(totals(decisions[1]!)[0]).toBe(0);
    expect(totals(decisions.at(-1)!)).toEqual([0, 0, 4]);
    expect(decisions.at(-1)!.memory.parked).toBeUndefined();
  });

  it('deletes an instance only once nobody wanted it for a third of the stabilisation window', () => {
    const crowd = { nearTerm: nearTerm(650, 10, never(15)), observed: 640 };
    const after = { nearTerm: nearTerm(300, 10, never(15)) };
    const decisions = follow([crowd, ...Array<typeof after>(5).fill(after)], given(after.nearTerm));
    const sizes = decisions.map((decision) => totals(decision).reduce((sum, count) => sum + count, 0));
    expect(sizes).toEqual([5, 5, 5, 5, 0, 0]);
    expect(totals(decisions[1]!)).toEqual([0, 0, 5]);
  });

  it("lowers the primary's minimum to what pays as full, never below what it was before us", () => {
    const fleet = { primary: { serving: 12, minimum: 12, maximum: 30, target: 12 }, mirrors: [] };
    const lasting = { sustained: 540, observed: 300 };
    const minimum = (centre: number) =>
      decide(
        given(nearTerm(centre, 10, never(15)), {
          fleet,
          primaryMinimumBefore: 4,
          forecast: forecast({ ...lasting, nearTerm: nearTerm(centre, 10, never(15)) }),
        }),
      ).plan.primaryMinimum;
    expect(minimum(650)).toBe(12);
    expect(minimum(340)).toBe(8);
    expect(minimum(50)).toBe(4);
  });

  it('says what was bought, and why, in words of failures and cost', () => {
    const headline = (outlook: NearTermOutlook) => decide(given(outlook)).reasons.headline;
    expect(headline(nearTerm(650, 10, never(15)))).toMatch(
      /the primary carries 450: mirrors that serve cost less than the failures they avert; raising 5 full/,
    );
    expect(headline(nearTerm(300, 10, called(1)))).toMatch(
      /mirrors that wait cost less than the failures they avert; raising 4 warm/,
    );
    expect(headline(nearTerm(300, 10, never(12)))).toMatch(
      /a mirror would cost more than the failures it averts; nothing to raise/,
    );
  });

  it('without an outlook decides by the interval', () => {
    const upper = { lower: 600, median: 620, upper: 640 };
    const said = forecast({ windows: { full: upper, warm: upper, shadow: upper } });
    const byInterval = input({
      forecast: said,
      spec: { ...SPEC, mirrors: { ...SPEC.mirrors, policy: 'interval' } },
    });
    expect(planned(input({ forecast: said, spec: SPEC }))).toEqual(planned(byInterval));
  });

  it('does not oscillate: once the plan is carried out the same outlook keeps it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2_000, noNaN: true }),
        fc.double({ min: 0, max: 400, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 40 }),
        (centre, spread, calls) => {
          let of = given(
            nearTerm(
              centre,
              spread,
              calls.sort((a, b) => b - a),
            ),
          );
          const capacity = [{ zone: 'us-central1-b', quotaLeft: 1_000 }];
          const plans: TierCounts[] = [];
          for (let look = 0; look < 6; look++) {
            const decision = decide({ ...of, capacity });
            const mirrors = decision.plan.mirrors.map((mirror) => ({ ...mirror, serving: mirror.full }));
            const asOf = of.forecast.asOf + 30 * 60_000;
            const next = { ...of.forecast, asOf, issuedAt: asOf };
            of = { ...of, forecast: next, memory: decision.memory, fleet: { ...of.fleet, mirrors } };
            plans.push(sumOf(mirrors));
          }
          expect(plans.at(-1)).toEqual(plans.at(-2));
          expect(plans.at(-2)).toEqual(plans.at(-3));
        },
      ),
      { numRuns: 100 },
    );
  });
});
