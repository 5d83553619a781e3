import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refusals } from '../src/gcp/demand-refused.ts';
import type { Sample } from '../src/ports/demand.ts';
import { SHOP } from './support/fake-cloud.ts';

/** Offered load is what was served and what was refused; a count that stays away is said, never taken for zero in silence. */

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 2, 2);
const at = (minute: number) => START + minute * MINUTE_MS;
const served = (from: number, to: number): Sample[] =>
  Array.from({ length: to - from }, (_, i) => ({ at: at(from + i + 1), value: 10 }));
const counted = (from: number, to: number) =>
  new Map(served(from, to).map(({ at: end }) => [end, 3] as const));

function watch() {
  const told: string[] = [];
  const refusals = new Refusals((application, text) => void told.push(`${application}: ${text}`));
  return {
    add: (offered: Sample[], refused: Map<number, number>) => refusals.add(SHOP, offered, refused),
    told: () => told.splice(0),
  };
}

test('every step of demand stays, with the refusals of that very step', () => {
  const steps = fc.array(fc.record({ value: fc.nat(1000), refused: fc.option(fc.nat(1000)) }), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(steps, (given) => {
      const offered = given.map(({ value }, i) => ({ at: at(i + 1), value }));
      const refused = new Map(
        given.flatMap(({ refused: n }, i) => (n === null ? [] : [[at(i + 1), n] as const])),
      );
      // A refusal at a step that has no demand makes no demand: what was served there is unknown.
      refused.set(at(given.length + 5), 7);
      expect(watch().add(offered, refused)).toEqual(
        given.map(({ value, refused: n }, i) => ({ at: at(i + 1), value: value + (n ?? 0) })),
      );
    }),
  );
});

test('an hour of silence is said once, and so is the end of it', () => {
  const { add, told } = watch();
  add(served(0, 120), counted(0, 120));
  expect(told()).toEqual([]);
  for (let minute = 120; minute < 300; minute++) add(served(minute, minute + 1), new Map());
  expect(told()).toEqual([
    expect.stringMatching(/^shop\d*: demand.refused has no value since 2026-03-02 02:00Z/),
  ]);
  add(served(300, 301), counted(300, 301));
  expect(told()).toEqual([
    expect.stringContaining('demand.refused has values again, up to 2026-03-02 05:01Z'),
  ]);
});

test('a series that never was is said at the first look, and not again', () => {
  const { add, told } = watch();
  add(served(0, 1440), new Map());
  add(served(1440, 1441), new Map());
  expect(told()).toEqual([expect.stringContaining('no value since 2026-03-02 00:00Z')]);
});

test('a look at an older day, as a backfill takes it, changes nothing of what is known of now', () => {
  const { add, told } = watch();
  add(served(1440, 2880), counted(1440, 2880));
  add(served(0, 1440), new Map());
  add(served(2880, 2881), counted(2880, 2881));
  expect(told()).toEqual([]);
});
