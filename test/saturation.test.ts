import { expect, test, vi } from 'vitest';
import { createSaturationWatch, whyMoreThanSeen } from '../activities/saturated.ts';
import { describeDecision } from '../src/cli/explain.ts';
import { decide } from '../src/domain/decide.ts';
import { asLearnt } from '../src/domain/learnt-spec.ts';
import type { MetricSource } from '../src/ports/metrics.ts';
import { AS_OF, forecast, input, MINUTE_MS, SETTINGS, SPEC } from './support/decide-inputs.ts';

/** What may have been asked for beyond what was served is said, changes no plan, and holds none up. */

const { fleet } = input({});
const CARRIED = fleet.primary.serving * SPEC.demand.perInstance;

function measuring(cpu: number | undefined, latencyP99: number | undefined) {
  const asked: string[] = [];
  const metrics: MetricSource = {
    async read(_, metric, from, to) {
      asked.push(metric);
      expect(to).toBe(AS_OF);
      const value = { cpu, latencyP99, latencyP50: undefined, memory: undefined }[metric];
      // An older one must not count.
      const older = { at: from + MINUTE_MS, value: 0, instances: 1 };
      return value === undefined ? [] : [older, { at: to - MINUTE_MS, value, instances: 1 }];
    },
  };
  return { metrics, asked };
}

const why = (metrics: MetricSource) => whyMoreThanSeen(metrics, SPEC, forecast({}));

test.each([
  [0.97, undefined, 'CPU 97%'],
  [0.94, 3.1 * SPEC.objectives.latencyMs, /^99th percentile of latency \d+ ms, objective \d+ ms$/],
  [0.94, 2.9 * SPEC.objectives.latencyMs, undefined],
  [undefined, undefined, undefined],
])('CPU of %s and a latency of %s say: %s', async (cpu, latency, said) => {
  const answer = await why(measuring(cpu, latency).metrics);
  if (said === undefined) expect(answer).toBeUndefined();
  else expect(answer).toMatch(said);
});

test('an answer holds for five minutes of an application', async () => {
  const { asked, metrics } = measuring(0.97, undefined);
  const look = createSaturationWatch({
    read: (spec, metric) => metrics.read(spec, metric, AS_OF - MINUTE_MS, AS_OF),
  });
  const at = (minute: number, application = 'shop', observed = CARRIED) =>
    look({ ...SPEC, application }, forecast({ asOf: AS_OF + minute * MINUTE_MS, observed }), fleet);
  // Nobody is asked while demand is far from what instances carry.
  expect(await at(0, 'shop', 0.4 * CARRIED)).toBeUndefined();
  expect(asked).toEqual([]);
  for (const minute of [0, 1, 4]) expect(await at(minute)).toBe('CPU 97%');
  expect(asked).toHaveLength(2);
  await at(5);
  await at(5, 'another');
  expect(asked).toHaveLength(6);
});

test('a source that fails or is silent holds nothing up', async () => {
  expect(await why({ read: () => Promise.reject(new Error('HTTP 503')) })).toBeUndefined();
  vi.useFakeTimers();
  const silent = why({ read: () => new Promise(() => undefined) });
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await silent).toBeUndefined();
  vi.useRealTimers();
});

test('the explanation says so, and what an instance is trusted with; the plan is the same', () => {
  const mayBeMore = 'CPU 97%';
  const plain = decide(input({}));
  const marked = decide(input({ mayBeMore }));
  expect(marked.plan).toEqual(plain.plan);
  expect(marked.reasons).toEqual({ ...plain.reasons, mayBeMore });
  const text = describeDecision(marked);
  expect(text).toMatch(/demand .* \(may be more than seen: CPU 97%\), threshold/);
  expect(text).not.toContain('as measured');
  const settings = { ...SETTINGS, capacityFactor: 0.8 };
  const learnt = decide(input({ settings, spec: asLearnt(SPEC, settings) }));
  const declared = SPEC.demand.perInstance;
  expect(learnt.reasons.threshold).toBeCloseTo(0.8 * plain.reasons.threshold);
  expect(describeDecision(learnt)).toContain(
    `carries ${0.8 * declared} as measured, ${declared} as declared`,
  );
});
