import { describe, expect, it } from 'vitest';
import { NearTerm } from '../activities/near-term.ts';
import type { CountedEvent } from '../src/domain/counted-event.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';
import { DELAY_MS, MINUTE_MS, SPEC } from './support/decide-inputs.ts';

/** What the worker hands to the cost policy: minutes ahead in the demand's unit, calls per instance, events in their place. */
const DAY = 1440;
const START = Date.UTC(2026, 0, 1);

function historyOf(minutes: number, stepMs = MINUTE_MS) {
  const values = Float64Array.from(
    { length: minutes / (stepMs / MINUTE_MS) },
    (_, i) => 300 + 20 * Math.sin(i),
  );
  return { startAt: START + stepMs, stepMs, values };
}
const minuteAt = (minute: number) => START + minute * MINUTE_MS;
const median = (values: readonly number[]) => values[10]!;

describe('the outlook on the next minutes', () => {
  it("is there from the first sample on, in the demand's unit, counted from the decision", async () => {
    const followed = new NearTerm(SPEC);
    expect(followed.outlook(START)).toBeUndefined();
    await followed.learn(historyOf(DAY));
    const now = minuteAt(DAY) + DELAY_MS;
    const outlook = followed.outlook(now)!;
    expect(outlook.timesMs[0]).toBe(0);
    expect(outlook.timesMs).toEqual([...outlook.timesMs].sort((a, b) => a - b));
    for (const values of outlook.values) expect(median(values)).toBeCloseTo(300, -2);
    expect(outlook.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 2);
    // 320 req/s are seven instances of 50.
    expect(outlook.callsPerHour).toHaveLength(7);
  });

  it('is the same whether history comes at once or sample by sample', async () => {
    const whole = historyOf(400);
    const [atOnce, bySample] = [new NearTerm(SPEC), new NearTerm(SPEC)];
    await atOnce.learn(whole);
    for (let end = 300; end <= 400; end++)
      await bySample.learn({ ...whole, values: whole.values.subarray(0, end) });
    expect(bySample.outlook(minuteAt(400))).toEqual(atOnce.outlook(minuteAt(400)));
  });

  it('counts calls against what was seen to serve, and supposes reaction alone before', async () => {
    const values = Float64Array.from({ length: DAY }, (_, i) => (i % 60 < 20 ? 480 : 120));
    const history = { startAt: START + MINUTE_MS, stepMs: MINUTE_MS, values };
    const callsOfTopLevel = async (instances?: number, sinceMinute = 0) => {
      const followed = new NearTerm(SPEC);
      const seen = instances === undefined ? [] : [{ at: minuteAt(sinceMinute), instances }];
      await followed.learn(history, [], () => Promise.resolve(seen));
      return followed.outlook(minuteAt(DAY))!.callsPerHour.at(-1)!;
    };
    const supposed = await callsOfTopLevel();
    expect(await callsOfTopLevel(20)).toBeLessThan(0.1 * supposed);
    expect(await callsOfTopLevel(0)).toBeGreaterThanOrEqual(supposed);
    expect(await callsOfTopLevel(20, 2 * DAY)).toBe(supposed);
  });

  it('holds what was seen over a short gap, where the day before had something else', async () => {
    const values = historyOf(3 * DAY).values.map((value, minute) => (minute < 2 * DAY ? value : 2 * value));
    const outlookOf = async (missing: number) => {
      const known = Float64Array.from(values).fill(Number.NaN, values.length - missing);
      const followed = new NearTerm(SPEC);
      await followed.learn({ startAt: START + MINUTE_MS, stepMs: MINUTE_MS, values: known });
      return followed.outlook(minuteAt(3 * DAY))!.values;
    };
    for (const ahead of await outlookOf(10)) expect(median(ahead)).toBeGreaterThan(500);
    // A source that was dead for longer may have come back to anything: the day before is believed again.
    for (const ahead of await outlookOf(60)) expect(median(ahead)).toBeLessThan(450);
  });

  it('counts a step of five minutes as five', async () => {
    const followed = new NearTerm(SPEC);
    await followed.learn(historyOf(DAY, 5 * MINUTE_MS));
    expect(followed.outlook(minuteAt(DAY) + DELAY_MS)!.timesMs[0]).toBe(0);
  });

  it('rises for the minutes of an event, told once however often, until it is called off, and only if it is sized', async () => {
    const sale = {
      announced: minuteAt(700),
      start: minuteAt(800),
      end: minuteAt(900),
      name: 'sale',
      kind: 'sale',
    };
    const told = async (event: AnnouncedEvent, atLast = [event, event]) => {
      const followed = new NearTerm(SPEC);
      await followed.learn(historyOf(790), [event, event]);
      await followed.learn(historyOf(796), atLast);
      return followed.outlook(minuteAt(796) + DELAY_MS)!.values.map(median);
    };
    const usual = await told(sale);
    const raised = await told({ ...sale, expectedUplift: 3 });
    expect(await told({ ...sale, expectedUplift: 3 }, [])).toEqual(usual);
    expect(raised[0]).toBeCloseTo(usual[0]!, 6);
    expect(raised.at(-1)).toBeGreaterThan(2 * usual.at(-1)!);
  });

  it('may rise after a burst of talk that nobody sized, from when it was heard on, the less the more of them meant nothing', async () => {
    const burstAt = (minute: number) => ({
      announced: minuteAt(minute),
      start: minuteAt(minute),
      end: minuteAt(minute + 120),
      name: 'talk',
      kind: 'social',
      burst: {
        source: 'forum',
        belief: { probability: 0.25, leastUplift: 1.5, mostUplift: 3, withinMs: 30 * MINUTE_MS },
      },
    });
    const told = async (minutes: number, ...heard: number[]) => {
      const followed = new NearTerm(SPEC);
      await followed.learn(historyOf(minutes), heard.map(burstAt));
      return followed.outlook(minuteAt(minutes) + DELAY_MS)!;
    };
    /** Probability that the farthest minute ahead asks for a third more than usual. */
    const chance = ({ values, weights }: NonNullable<ReturnType<NearTerm['outlook']>>) =>
      values.at(-1)!.reduce((sum, value, i) => sum + (value > 400 ? weights[i]! : 0), 0);
    expect(chance(await told(900))).toBe(0);
    const first = chance(await told(900, 901));
    expect(first).toBeGreaterThan(0.04);
    expect(first).toBeLessThan(0.25);
    const warned = chance(await told(900, 500, 600, 700, 901));
    expect(warned).toBeGreaterThan(0);
    expect(warned).toBeLessThan(first / 2);
    expect(chance(await told(900, 860))).toBe(0);
    // It says what it counts with, less while nothing follows, and nothing once nothing more is to be expected.
    const [counted] = (await told(900, 901)).events!;
    const { start, end } = burstAt(901);
    expect(counted).toMatchObject({ name: 'talk', kind: 'social', source: 'forum', start, end });
    expect(counted!.probability).toBeCloseTo(0.25, 9);
    expect(counted!.uplift).toBeCloseTo(Math.sqrt(1.5 * 3), 2);
    const [waited] = (await told(900, 880)).events!;
    expect(waited!.probability).toBeLessThan(0.2);
    expect((await told(900, 860)).events).toBeUndefined();
  });

  it('says which announced events it counts with, and what is expected of them', async () => {
    const eventAt = (from: number, expectedUplift?: number, kind = 'sale') => ({
      announced: minuteAt(700),
      start: minuteAt(from),
      end: minuteAt(from + 100),
      name: `from ${from}`,
      kind,
      ...(expectedUplift !== undefined && { expectedUplift }),
    });
    const followed = new NearTerm(SPEC);
    await followed.learn(historyOf(796), [
      eventAt(800, 3),
      eventAt(790),
      eventAt(850, 3),
      eventAt(600, 2, 'fair'),
    ]);
    const { events } = followed.outlook(minuteAt(796) + DELAY_MS)!;
    // Not the one that nobody sized, nor one that is over or too far ahead.
    expect(events).toHaveLength(1);
    const [{ uplift, probability, ...counted }] = events as [CountedEvent];
    expect(counted).toEqual({ name: 'from 800', kind: 'sale', start: minuteAt(800), end: minuteAt(900) });
    // Nothing of its kind was seen: much as it was announced, and likelier than not.
    expect(uplift).toBeCloseTo(3, 0);
    expect(probability).toBeGreaterThan(0.5);
    expect(probability).toBeLessThan(1);
  });
});
