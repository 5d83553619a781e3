import fc from 'fast-check';
import { expect, it } from 'vitest';
import { totalInstances } from '../src/domain/tier.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import { readyCounts } from '../src/gcp/group.ts';
import type { Member } from '../src/gcp/group.ts';
import { isNothing, tierStep } from '../src/gcp/tier-step.ts';
import type { TierStep } from '../src/gcp/tier-step.ts';

let serial = 0;
function member(heading: Member['heading'], changes: Partial<Member> = {}): Member {
  const name = `i${serial++}`;
  const healthy = heading === 'running';
  return { name, link: name, heading, settled: true, creating: false, healthy, errors: [], ...changes };
}
const BOOTING = { settled: false, creating: true, healthy: false };

it('promotes warm before shadow before creating', () => {
  const warm = member('warm');
  const shadow = member('shadow');
  const step = tierStep({ full: 3, warm: 0, shadow: 0 }, [shadow, warm], 0);
  expect(step.resume).toEqual([warm]);
  expect(step.start).toEqual([shadow]);
  expect(step.grow).toBe(3);
});

it('resumes a warm instance rather than waiting for one that is being created', () => {
  const booting = member('running', BOOTING);
  const warm = member('warm');
  const step = tierStep({ full: 1, warm: 1, shadow: 0 }, [booting, warm], 1);
  expect(step.resume).toEqual([warm]);
  expect(step.grow).toBeUndefined();
});

it('creates a standby instance, waits until it is healthy, then suspends or stops it', () => {
  const wanted = { full: 0, warm: 1, shadow: 1 };
  expect(tierStep(wanted, [], 0)).toMatchObject({ grow: 2, suspend: [], stop: [] });
  expect(isNothing(tierStep(wanted, [member('running', BOOTING), member('running', BOOTING)], 2))).toBe(true);
  const healthy = member('running');
  const step = tierStep(wanted, [member('running', BOOTING), healthy], 2);
  expect([step.suspend, step.stop]).toEqual([[healthy], []]);
});

it('lets go of what failed before what is being made, and of what serves last', () => {
  const serving = member('running');
  const booting = member('running', BOOTING);
  const failed = member('running', { ...BOOTING, errors: ['ZONE_RESOURCE_POOL_EXHAUSTED'] });
  const step = tierStep({ full: 1, warm: 0, shadow: 0 }, [serving, booting, failed], 3);
  expect(step.remove).toEqual([failed, booting]);
});

it('does not create again what the group was told of and does not list yet', () => {
  expect(isNothing(tierStep({ full: 3, warm: 0, shadow: 0 }, [member('running', BOOTING)], 3))).toBe(true);
});

/** A group that does what it is told, and takes a turn for everything. */
class Model {
  members: Member[] = [];
  targetSize = 0;

  apply(step: TierStep): void {
    const set = (members: Member[], changes: Partial<Member>, by: number) => {
      for (const each of members)
        Object.assign(this.find(each), { settled: false, healthy: false, ...changes });
      this.targetSize += by * members.length;
    };
    set(step.resume, { heading: 'running' }, 1);
    set(step.start, { heading: 'running' }, 1);
    set(step.suspend, { heading: 'warm' }, -1);
    set(step.stop, { heading: 'shadow' }, -1);
    set(
      step.remove.filter((each) => each.heading === 'running'),
      { heading: 'gone' },
      -1,
    );
    set(
      step.remove.filter((each) => each.heading !== 'running'),
      { heading: 'gone' },
      0,
    );
    this.targetSize = Math.max(this.targetSize, step.grow ?? 0);
    while (this.running() < this.targetSize) this.members.push(member('running', BOOTING));
  }

  /** Everything that is under way arrives. */
  turn(): void {
    this.members = this.members.filter((each) => each.heading !== 'gone');
    for (const each of this.members)
      Object.assign(each, { settled: true, creating: false, healthy: each.heading === 'running' });
  }

  private running(): number {
    return this.members.filter((each) => each.heading === 'running').length;
  }

  private find(wanted: Member): Member {
    return this.members.find((each) => each.name === wanted.name)!;
  }
}

const counts = fc.record({
  full: fc.integer({ min: 0, max: 5 }),
  warm: fc.integer({ min: 0, max: 4 }),
  shadow: fc.integer({ min: 0, max: 4 }),
});

function partOf(step: TierStep, lost: number): TierStep {
  const keep = <T>(index: number, value: T, none: T): T => (lost & (1 << index) ? none : value);
  return {
    resume: keep(0, step.resume, []),
    start: keep(1, step.start, []),
    suspend: keep(2, step.suspend, []),
    stop: keep(3, step.stop, []),
    remove: keep(4, step.remove, []),
    grow: keep(5, step.grow, undefined),
  };
}

/** Never lets what serves fall below what is wanted, and never holds more than both plans together need. */
function mustHold(model: Model, step: TierStep, wanted: TierCounts, most: number): void {
  const healthy = model.members.filter((each) => each.healthy).length;
  const taken = [...step.suspend, ...step.stop, ...step.remove].filter((each) => each.healthy).length;
  expect(healthy - taken).toBeGreaterThanOrEqual(Math.min(healthy, wanted.full));
  const held = model.members.filter((each) => each.heading !== 'gone').length;
  expect(held).toBeLessThanOrEqual(most);
}

it('reaches any counts from any others, whatever calls are lost on the way', () => {
  fc.assert(
    fc.property(
      fc.array(counts, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 0, max: 63 }), { maxLength: 10 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
      (plans, losses, turns) => {
        const model = new Model();
        let call = 0;
        const most = Math.max(...plans.map(totalInstances)) * 2;
        for (const wanted of plans) {
          for (let round = 0; round < 40; round++) {
            const step = tierStep(wanted, model.members, model.targetSize);
            mustHold(model, step, wanted, most);
            model.apply(partOf(step, losses[call] ?? 0));
            if (turns[call % turns.length] || round > 20) model.turn();
            call++;
          }
          expect(readyCounts(model.members)).toEqual(wanted);
          expect(isNothing(tierStep(wanted, model.members, model.targetSize))).toBe(true);
        }
      },
    ),
    { numRuns: 150, seed: 42 },
  );
});
