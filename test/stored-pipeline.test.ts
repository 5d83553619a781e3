import { expect, test } from 'vitest';
import { fromStored, toStored } from '../activities/stored-pipeline.ts';
import { advance, newPipeline } from '../models/pipeline.ts';

/** Protects a restart: what was learnt goes on only where it means the same. */
const MINUTE_MS = 60_000;
const pipeline = newPipeline(MINUTE_MS, 0.95);
advance(
  pipeline,
  Array.from({ length: 300 }, (_, i) => ({ at: i * MINUTE_MS, value: 100 + (i % 7) })),
  299 * MINUTE_MS,
);
const stored = JSON.parse(JSON.stringify(toStored('shop', pipeline))) as object;

test('a stored pipeline goes on for its own series, to four digits', () => {
  const found = fromStored(stored, 'shop', 310 * MINUTE_MS)!;
  expect(found.recent).toEqual(pipeline.recent);
  expect(found.probes.map(({ volatility }) => volatility)).toEqual(
    pipeline.probes.map(({ volatility }) => Number(volatility.toPrecision(4))),
  );
});

test('it does not for another series, from an older version, or over a gap of more than a day', () => {
  expect(fromStored(stored, 'other', 310 * MINUTE_MS)).toBeUndefined();
  expect(fromStored({ ...stored, v: 1 }, 'shop', 310 * MINUTE_MS)).toBeUndefined();
  expect(fromStored(stored, 'shop', 3000 * MINUTE_MS)).toBeUndefined();
  expect(fromStored(undefined, 'shop', 0)).toBeUndefined();
});
