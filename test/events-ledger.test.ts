import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredLedger } from '../src/ledger/sql-ledger.ts';
import type { EventStore, IdentifiedEvent } from '../src/ports/events.ts';
import { openEmptyLedger } from './support/empty-ledger.ts';

/** What was known of an event at a time stays answerable: forecasts of the past must not see what came later. */

let ledger: StoredLedger;
let store: EventStore;
beforeAll(async () => {
  ledger = await openEmptyLedger();
  store = ledger.eventStore;
});
afterAll(() => ledger.close());

let count = 0;
const anApplication = () => `app-${count++}`;
const sale = (change: Partial<IdentifiedEvent> = {}): IdentifiedEvent => ({
  id: 'sale',
  announced: 100,
  start: 1_000,
  end: 2_000,
  name: 'Sale',
  kind: 'campaign',
  ...change,
});

test('an event is known from its announcement on, in what it overlaps, and comes back as it was', async () => {
  const shop = anApplication();
  await store.remember(shop, 'calendar', [sale({ expectedUplift: 1.8 })], 100);
  const known = { ...sale({ expectedUplift: 1.8 }), source: 'calendar' };
  expect(await store.events(shop, 0, 5_000, 100)).toEqual([known]);
  expect(await store.events(shop, 0, 5_000, 99)).toEqual([]);
  expect(await store.events(shop, 1_999, 5_000, 100)).toHaveLength(1);
  expect(await store.events(shop, 2_000, 5_000, 100)).toEqual([]);
  expect(await store.events(shop, 0, 1_000, 100)).toEqual([]);
  expect(await store.events(anApplication(), 0, 5_000, 100)).toEqual([]);
});

test('the same event twice is one; of two sources it is two', async () => {
  const shop = anApplication();
  expect(await store.remember(shop, 'a', [sale(), sale()], 100)).toBe(1);
  expect(await store.remember(shop, 'a', [sale({ announced: 150 })], 150)).toBe(0);
  await store.remember(shop, 'b', [sale()], 100);
  expect(await store.events(shop, 0, 5_000, 200)).toMatchObject([
    { source: 'a', announced: 100 },
    { source: 'b', announced: 100 },
  ]);
});

test('a changed event is told as it was known then', async () => {
  const shop = anApplication();
  await store.remember(shop, 'a', [sale()], 100);
  await store.remember(shop, 'a', [sale({ start: 1_500, end: 2_500 })], 300);
  expect(await store.events(shop, 0, 5_000, 299)).toMatchObject([{ start: 1_000, announced: 100 }]);
  expect(await store.events(shop, 0, 5_000, 300)).toMatchObject([{ start: 1_500, announced: 300 }]);
});

test('what a complete answer no longer names is called off from then on; the past and other sources are left', async () => {
  const shop = anApplication();
  await store.remember(shop, 'a', [sale(), sale({ id: 'over', start: 100, end: 200 })], 100);
  await store.remember(shop, 'b', [sale()], 100);
  await store.remember(shop, 'a', [], 500, 500);
  expect(await store.events(shop, 0, 5_000, 499)).toHaveLength(3);
  expect(await store.events(shop, 0, 5_000, 500)).toMatchObject([{ id: 'over' }, { source: 'b' }]);
  await store.remember(shop, 'a', [sale()], 600, 600);
  expect(await store.events(shop, 0, 5_000, 600)).toMatchObject([
    { id: 'over' },
    { source: 'a' },
    { source: 'b' },
  ]);
});

test('one event can be called off by hand, once', async () => {
  const shop = anApplication();
  await store.remember(shop, 'announced', [sale()], 100);
  expect(await store.callOff(shop, 'announced', 'sale', 200)).toBe(true);
  expect(await store.callOff(shop, 'announced', 'sale', 201)).toBe(false);
  expect(await store.events(shop, 0, 5_000, 200)).toEqual([]);
});

test('looks at once, from several workers, leave one event each', async () => {
  const shop = anApplication();
  const events = Array.from({ length: 20 }, (_, i) => sale({ id: `e${i}` }));
  await Promise.all(Array.from({ length: 5 }, () => store.remember(shop, 'a', events, 100)));
  expect(await store.events(shop, 0, 5_000, 100)).toHaveLength(20);
});

test('nobody ever sees two versions of one event, whatever order the answers come in', async () => {
  const answer = fc.record({ start: fc.integer({ min: 1_000, max: 1_003 }), named: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { maxLength: 8 }), async (answers) => {
      const shop = anApplication();
      let at = 0;
      for (const { start, named } of answers)
        await store.remember(shop, 'a', named ? [sale({ announced: at, start })] : [], (at += 10), at);
      for (let knownAt = 0; knownAt <= at; knownAt += 5)
        expect((await store.events(shop, 0, 5_000, knownAt)).length).toBeLessThanOrEqual(1);
      const last = answers.at(-1);
      expect((await store.events(shop, 0, 5_000, at)).map(({ start }) => start)).toEqual(
        last?.named ? [last.start] : [],
      );
    }),
    { numRuns: 12 },
  );
});

test('states, chatter and outcomes come back as they were, and the newest word counts', async () => {
  const shop = anApplication();
  await store.saveSourceState(shop, 'a', { nextAt: 1, failures: 2, problem: 'no answer' });
  await store.saveSourceState(shop, 'a', { nextAt: 5, failures: 0, memory: { seen: ['x'] } });
  expect(await store.sourceStates(shop)).toEqual(
    new Map([['a', { nextAt: 5, failures: 0, memory: { seen: ['x'] } }]]),
  );
  await store.saveChatter(shop, 'a', [
    { at: 60, volume: 3 },
    { at: 120, volume: 4, sentiment: 0.5 },
  ]);
  await store.saveChatter(shop, 'a', [{ at: 60, volume: 5 }]);
  expect(await store.chatter(shop, 'a', 60, 121)).toEqual([
    { at: 60, volume: 5 },
    { at: 120, volume: 4, sentiment: 0.5 },
  ]);
  const outcome = { source: 'a', id: '1', start: 5, kind: 'k', factor: 2 };
  expect(await store.outcomes(shop)).toEqual([]);
  await store.saveOutcomes(shop, [outcome]);
  await store.saveOutcomes(shop, [
    { ...outcome, factor: 3 },
    { ...outcome, id: '2', start: 6 },
  ]);
  expect(await store.outcomes(shop)).toMatchObject([{ id: '2' }, { id: '1', factor: 3 }]);
});
