import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BackendChoice } from '../src/sandbox/plane/backend-choice.ts';
import { BusyTime } from '../src/sandbox/plane/busy-time.ts';
import { VirtualQueue } from '../src/sandbox/plane/virtual-queue.ts';
import { seededRandom } from '../src/sandbox/random.ts';

const PROFILE = { workers: 4, serviceMs: 320, queue: 20, initMs: 0 };

/** Poisson arrivals at `perSecond` for `count` requests through one queue. */
function run(perSecond: number, count: number, standsFor = 1) {
  const random = seededRandom(7);
  const spans: [number, number][] = [];
  const queue = new VirtualQueue(PROFILE, seededRandom(8), 0, (from, to) => spans.push([from, to]));
  let at = 0;
  const outcomes = [];
  for (let sent = 0; sent < count; sent++) {
    for (let request = 0; request < standsFor; request++) at += (-Math.log(1 - random()) / perSecond) * 1000;
    outcomes.push(queue.arriveMany(at, standsFor));
  }
  return { outcomes, spans, endMs: at };
}

describe('the queue of an instance', () => {
  it('never has more workers busy than it has, nor more waiting than fit, and serves in order', () => {
    const arrivals = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 400 }), standsFor: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(arrivals, fc.integer(), (requests, seed) => {
        const spans: [number, number][] = [];
        const queue = new VirtualQueue(PROFILE, seededRandom(seed), 0, (from, to) => spans.push([from, to]));
        let at = 0;
        for (const { gapMs, standsFor } of requests) {
          at += gapMs;
          const { status, latencyMs } = queue.arriveMany(at, standsFor);
          expect(status === 503 ? latencyMs === 0 : latencyMs > 0).toBe(true);
          expect(spans.filter(([start]) => start > at).length).toBeLessThanOrEqual(PROFILE.queue);
        }
        for (const [index, [from]] of spans.entries()) {
          if (index > 0) expect(from).toBeGreaterThanOrEqual(spans[index - 1]![0]);
          const busy = spans.filter(([start, end]) => start <= from && from < end).length;
          expect(busy).toBeLessThanOrEqual(PROFILE.workers);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('waits as Erlang says below saturation, and refuses the excess above it', () => {
    // M/M/4 at 80%: P(wait) = 0.596, mean wait = P(wait) / (4/0.32 - 10) = 0.239 s; the bounded queue takes off a little.
    const below = run(10, 60_000);
    const served = below.outcomes.filter((outcome) => outcome.status === 200);
    const mean = served.reduce((sum, outcome) => sum + outcome.latencyMs, 0) / served.length;
    expect(mean).toBeGreaterThan(480);
    expect(mean).toBeLessThan(590);
    // 25/s offered to a capacity of 12.5/s: half is refused.
    const above = run(25, 20_000).outcomes;
    const refused = above.filter((outcome) => outcome.status === 503).length / above.length;
    expect(refused).toBeGreaterThan(0.47);
    expect(refused).toBeLessThan(0.53);
  });

  it('shows the same load and latency when one request on the wire stands for many', () => {
    const single = run(10, 60_000);
    const many = run(10, 6_000, 40);
    const busyShare = (result: typeof single) =>
      result.spans.reduce((sum, [from, to]) => sum + to - from, 0) / result.endMs / PROFILE.workers;
    const mean = (result: typeof single) =>
      result.outcomes.reduce((sum, outcome) => sum + outcome.latencyMs, 0) / result.outcomes.length;
    expect(busyShare(many) / busyShare(single)).toBeCloseTo(1, 1);
    expect(mean(many) / mean(single)).toBeGreaterThan(0.85);
    expect(mean(many) / mean(single)).toBeLessThan(1.15);
  });
});

describe('busy time', () => {
  it('adds up whatever the span, and forgets only the oldest', () => {
    const busy = new BusyTime();
    busy.add(5_000, 27_000);
    busy.add(20_000, 21_000);
    expect(busy.between(0, 60_000)).toBeCloseTo(23_000);
    expect(busy.between(10_000, 20_000)).toBeCloseTo(10_000);
    expect(busy.between(60_000, 120_000)).toBe(0);
    expect(busy.knownFrom).toBe(-Infinity);
    for (let at = 60_000; at < 4 * 3_600_000; at += 10_000) busy.add(at, at + 5_000);
    expect(busy.knownFrom).toBe(3_600_000);
    expect(busy.between(busy.knownFrom, 4 * 3_600_000)).toBeCloseTo(1.5 * 3_600_000);
  });
});

describe('the choice of a backend', () => {
  it('follows the weights exactly over a cycle, spreads evenly within a group, and never picks a weight of 0', () => {
    const choice = new BackendChoice<{ name: string }>();
    const member = (name: string) => ({ name });
    const groups = [
      { name: 'a', weight: 3, members: [member('a1'), member('a2'), member('a3')] },
      { name: 'b', weight: 1, members: [member('b1')] },
      { name: 'closed', weight: 0, members: [member('c1')] },
      { name: 'empty', weight: 5, members: [] },
    ];
    const picks = Array.from({ length: 400 }, () => choice.pick(groups)!.member.name);
    const count = (name: string) => picks.filter((pick) => pick === name).length;
    expect(['a1', 'a2', 'a3', 'b1', 'c1'].map(count)).toEqual([100, 100, 100, 100, 0]);
    expect(choice.pick([])).toBeUndefined();
  });
});
