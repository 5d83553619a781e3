import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createForecastActivities } from '../activities/forecast.ts';
import type { Fitter } from '../models/fitter.ts';
import { createFitter } from '../models/fitter.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import { SPEC } from './support/decide-inputs.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';
import { DAY_MS, MINUTE_MS, at, flashCrowds } from './support/models-series.ts';

const DAY = 1440;
const values = flashCrowds(9, 11);
const { observationDelayMs } = SPEC.demand;

let ledger: StoredLedger;
let now: number;
const clock = { now: () => now, speed: 1 };
/** Recorded demand, nothing newer than the observation delay; every read is noted. */
let reads: { from: number; to: number }[];
const demand: DemandSource = {
  read: (_, from, to) => {
    reads.push({ from, to });
    const newest = Math.min(to, now - observationDelayMs);
    return Promise.resolve(
      values.map((value, i) => ({ at: at(i), value })).filter((s) => s.at > from && s.at <= newest),
    );
  },
};
/** Real fits on this thread, counted; the warm-up on the same history is worked out once for all tests. */
let fits: number;
const inProcess = createFitter();
const warmedUp = new Map<string, ReturnType<Fitter['warmUp']>>();
const fitter: Fitter = {
  warmUp: async (...input) => {
    const key = JSON.stringify(input);
    if (!warmedUp.has(key)) warmedUp.set(key, inProcess.warmUp(...input));
    return structuredClone(await warmedUp.get(key)!);
  },
  fit: (...input) => {
    fits++;
    return inProcess.fit(...input);
  },
};

beforeAll(async () => {
  ledger = await openEmptyLedger();
});
afterAll(() => ledger.close());
beforeEach(async () => {
  await ledger.saveModelState('shop', null);
  now = at(4 * DAY) + observationDelayMs;
  reads = [];
  fits = 0;
});

const ask = { spec: SPEC, settings: DEFAULT_SETTINGS };
const start = (by: Fitter = fitter) => createForecastActivities({ demand, ledger, clock, fitter: by });
/** Lets a fit that is under way come through: its last promises need no more than a turn of the loop. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('the forecast activity', () => {
  it('is calibrated from the first forecast on, starts at the newest final sample, and keeps the fan', async () => {
    const digest = await start().forecast(ask);
    expect(digest).toMatchObject({
      application: 'shop',
      asOf: at(4 * DAY),
      issuedAt: now,
      model: 'mstl-ets',
      quality: 'calibrated',
      observed: values[4 * DAY],
    });
    const { warmMs } = await ledger.timesToServe('shop');
    expect(digest.windows.full.end).toBe(now + warmMs + DEFAULT_SETTINGS.nearLookMs);
    const fan = await ledger.fan(digest.fan);
    expect(fan[0]!.at).toBe(at(4 * DAY + 1));
    expect(fan.at(-1)!.at).toBe(at(5 * DAY));
    expect(JSON.stringify(digest).length).toBeLessThan(5_000);
  });

  it('reads the history once and then only what is new or may still be revised', async () => {
    const { forecast } = start();
    await forecast(ask);
    now += 3 * MINUTE_MS;
    reads = [];
    expect((await forecast(ask)).asOf).toBe(at(4 * DAY + 3));
    expect(reads).toEqual([{ from: at(4 * DAY) - 30 * MINUTE_MS, to: now }]);
  });

  it('what came late fills its gap, and what was revised replaces the first value, for the fits to come', async () => {
    const late = 4 * DAY - 3;
    const revised = 4 * DAY - 2;
    let settled = false;
    const unsettled: DemandSource = {
      read: async (...input) =>
        (await demand.read(...input))
          .filter(({ at: end }) => settled || end !== at(late))
          .map((s) => (settled || s.at !== at(revised) ? s : { ...s, value: s.value / 2 })),
    };
    const seen: number[][] = [];
    const noting: Fitter = {
      warmUp: fitter.warmUp,
      fit: (history, ...rest) => {
        const { startAt, stepMs, values: own } = history;
        seen.push([late, revised].map((i) => own[Math.round((at(i) - startAt) / stepMs)]!));
        return fitter.fit(history, ...rest);
      },
    };
    const { forecast } = createForecastActivities({ demand: unsettled, ledger, clock, fitter: noting });
    await forecast(ask);
    settled = true;
    now += 16 * MINUTE_MS;
    await forecast(ask);
    expect(seen).toEqual([[values[late], values[revised]]]);
  });

  it('asked again at once, it answers the same', async () => {
    const { forecast } = start();
    const first = await forecast(ask);
    expect(await forecast(ask)).toEqual(first);
  });

  it('fits anew every quarter of an hour beside the ticks, which never wait for it', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const slow: Fitter = {
      warmUp: fitter.warmUp,
      fit: async (...input) => {
        await held;
        return fitter.fit(...input);
      },
    };
    const { forecast } = start(slow);
    await forecast(ask);
    for (let minute = 1; minute <= 40; minute++) {
      now += MINUTE_MS;
      expect((await forecast(ask)).asOf).toBe(at(4 * DAY + minute));
    }
    expect(fits).toBe(0);
    release();
    while (fits === 0) await settle();
    expect(fits).toBe(1);
    await settle();
    now += MINUTE_MS;
    await forecast(ask);
    expect(await ledger.loadModelState('shop')).toMatchObject({
      v: 2,
      pipeline: { fitted: { asOf: at(4 * DAY + 15) } },
    });
  });

  it('takes an event up at once: the outlook rises for it, and a fit that knows it is started', async () => {
    const { eventStore } = ledger;
    const { forecast } = createForecastActivities({ demand, ledger, clock, fitter, events: eventStore });
    const before = await forecast(ask);
    now += MINUTE_MS;
    const sale = { name: 'sale', kind: 'sale', expectedUplift: 3, announced: now };
    const event = { ...sale, id: 'sale-1', start: now + 5 * MINUTE_MS, end: now + 120 * MINUTE_MS };
    await eventStore.remember('shop', 'announced', [event], now);
    const after = await forecast(ask);
    const last = ({ nearTerm }: typeof before) => nearTerm!.values.at(-1)!.at(-1)!;
    expect(last(after)).toBeGreaterThan(1.5 * last(before));
    while (fits === 0) await settle();
    await eventStore.callOff('shop', 'announced', 'sale-1', now + 1);
    now += MINUTE_MS;
    expect(last(await forecast(ask))).toBeLessThan(1.5 * last(before));
  });

  it('goes on from the ledger after a restart, without another warm-up', async () => {
    const before = start();
    await before.forecast(ask);
    now += 15 * MINUTE_MS;
    await before.forecast(ask);
    while (fits === 0) await settle();
    await settle();
    now += MINUTE_MS;
    await before.forecast(ask);
    now += 5 * MINUTE_MS;
    const expected = await before.forecast(ask);
    const noWarmUp: Fitter = { ...fitter, warmUp: () => Promise.reject(new Error('warmed up again')) };
    const after = await start(noWarmUp).forecast(ask);
    expect(after.quality).toBe('calibrated');
    // The stored state keeps four digits.
    expect(after.windows.shadow.upper / expected.windows.shadow.upper).toBeCloseTo(1, 2);
    expect(after.windows.full.lower / expected.windows.full.lower).toBeCloseTo(1, 2);
  });

  it('falls back to the last days when the heavy model is out of reach, and says so', async () => {
    const broken: Fitter = {
      fit: () => Promise.reject(new Error('thread died')),
      warmUp: () => Promise.reject(new Error('thread died')),
    };
    const { forecast } = start(broken);
    expect(await forecast(ask)).toMatchObject({ model: 'seasonal-naive', quality: 'fallback' });
    for (let minute = 1; minute <= 30; minute++) {
      now += MINUTE_MS;
      await forecast(ask);
    }
    expect(await forecast(ask)).toMatchObject({ asOf: at(4 * DAY + 30), model: 'seasonal-naive' });
  });

  it('with no sample at all it forecasts nothing, coldly, and begins when demand does', async () => {
    now = at(0) - DAY_MS;
    const { forecast } = start();
    expect(await forecast(ask)).toMatchObject({ quality: 'cold', observed: 0, model: 'level' });
    now = at(30) + observationDelayMs;
    expect(await forecast(ask)).toMatchObject({ asOf: at(30), observed: values[30], quality: 'cold' });
  });

  it('another metric of the same application is another series', async () => {
    const { forecast } = start();
    await forecast(ask);
    reads = [];
    await forecast({ ...ask, spec: { ...SPEC, demand: { ...SPEC.demand, filter: 'zone = "b"' } } });
    expect(reads[0]!.from).toBe(now - 14 * DAY_MS);
  });

  it('another instance group of the same application, as blue-green leaves it, goes on with what is known', async () => {
    const { forecast } = start();
    await forecast(ask);
    now += MINUTE_MS;
    reads = [];
    const green = {
      ...SPEC,
      primary: { ...SPEC.primary, zone: 'us-central1-f', instanceGroup: 'shop-green' },
    };
    expect(await forecast({ ...ask, spec: green })).toMatchObject({
      quality: 'calibrated',
      model: 'mstl-ets',
    });
    expect(reads).toEqual([{ from: at(4 * DAY) - 30 * MINUTE_MS, to: now }]);
  });
});
