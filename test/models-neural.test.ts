import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { History } from '../models/forecaster.ts';
import { endOf } from '../models/forecaster.ts';
import type { NeuralForecaster } from '../models/neural.ts';
import type { QuantileForecast } from '../models/quantile-forecast.ts';
import { createNeuralForecaster } from '../models/neural.ts';
import type { Net } from '../models/neural/batcher.ts';
import { createBatcher } from '../models/neural/batcher.ts';
import { featuresOf } from '../models/neural/features.ts';
import { openOnnx } from '../models/neural/onnx.ts';
import type { AnnouncedEvent } from '../models/neural/windows.ts';
import { windowOf } from '../models/neural/windows.ts';
import { flashCrowds, historyOf } from './support/models-series.ts';

const onnx = new URL('../models/onnx/', import.meta.url);
const NETS = ['lstm', 'transformer'];
const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;
const fileOf = (name: string) => readFileSync(new URL(name, onnx));

const nets: Record<string, Net> = {};
let neural: NeuralForecaster;
beforeAll(async () => {
  for (const name of NETS) nets[name] = await openOnnx(fileOf(`${name}.onnx`));
  neural = createNeuralForecaster('neural', Object.values(nets));
});

function everyRow(forecast: QuantileForecast): number[][] {
  const rows: number[][] = [];
  for (let step = 0; ; step++) {
    const row = forecast.at(step);
    if (!row) break;
    rows.push(row);
  }
  for (let hours = 1; hours <= 24; hours++) rows.push(forecast.maximum(hours * HOUR_MS)!);
  return rows;
}

/** Rows that hold a number that is not finite, or quantiles that cross. */
function badRows(forecast: QuantileForecast): number[][] {
  return everyRow(forecast).filter(
    (row) =>
      !row.every(Number.isFinite) ||
      row.some((value, i) => i > 0 && value < row[i - 1]! - 1e-9 * Math.abs(value)),
  );
}

describe('files of the nets', () => {
  // A net whose making nobody can repeat is no part of the project.
  it.each(NETS)('%s is the file of its card, which says how it was made', (name) => {
    const card = JSON.parse(fileOf(`${name}.json`).toString()) as Record<string, string | number>;
    expect(
      createHash('sha256')
        .update(fileOf(`${name}.onnx`))
        .digest('hex'),
    ).toBe(card['sha256']);
    for (const field of ['seed', 'data', 'command', 'trainingSeconds', 'limits'])
      expect(card).toHaveProperty(field);
  });

  it('weigh less than 5 MB together', () => {
    const bytes = readdirSync(onnx).reduce((total, name) => total + statSync(new URL(name, onnx)).size, 0);
    expect(bytes).toBeLessThan(5e6);
  });
});

describe('a neural forecast', () => {
  // What capacity is bought by must be numbers in order, whatever a metric did.
  const wild: Record<string, number[]> = {
    constant: Array.from({ length: 4000 }, () => 7),
    nought: Array.from({ length: 4000 }, () => 0),
    'one point': [3],
    'three points': [5, 1, 9],
    negative: Array.from({ length: 4000 }, (_, i) => -50 + 20 * Math.sin(i / 40)),
    huge: Array.from({ length: 4000 }, (_, i) => 1e12 * (2 + Math.sin(i / 40))),
    tiny: Array.from({ length: 4000 }, (_, i) => 1e-12 * (2 + Math.sin(i / 40))),
    switching: Array.from({ length: 4000 }, (_, i) => (Math.floor(i / 500) % 2 ? 1 : 1000) + (i % 7)),
    'mostly missing': Array.from({ length: 4000 }, (_, i) => (i % 97 ? Number.NaN : i)),
    infinite: Array.from({ length: 4000 }, (_, i) => (i % 97 ? i % 50 : Infinity)),
  };
  it.each(Object.keys(wild))('is finite and in order: %s', async (kind) => {
    expect(badRows(await neural.forecast(historyOf(wild[kind]!, FIVE_MINUTES_MS)))).toEqual([]);
  });

  it('is finite and in order whatever the numbers, gaps and steps', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { weight: 9, arbitrary: fc.double({ min: -1e12, max: 1e12, noNaN: true }) },
            fc.constant(Number.NaN),
          ),
          {
            minLength: 1,
            maxLength: 700,
          },
        ),
        fc.constantFrom(15_000, 60_000, FIVE_MINUTES_MS, 420_000, HOUR_MS),
        async (values, stepMs) => {
          fc.pre(values.some((value) => !Number.isNaN(value)));
          // the newest 16 days hold a sample: 700 steps of an hour reach further back
          fc.pre(values.slice(-384).some((value) => !Number.isNaN(value)));
          expect(badRows(await neural.forecast(historyOf(values, stepMs)))).toEqual([]);
        },
      ),
      { numRuns: 60, seed: 7 },
    );
  });

  it('refuses a history without a sample, and a step beyond an hour, saying what to do', async () => {
    await expect(neural.forecast(historyOf([Number.NaN, Number.NaN]))).rejects.toThrow(/wait for the first/);
    await expect(neural.forecast(historyOf([1, 2, 3], 2 * HOUR_MS))).rejects.toThrow(/resample/);
  });

  it('never expects less of a longer window', async () => {
    const forecast = await neural.forecast(historyOf(flashCrowds(6, 3)));
    let before = forecast.maximum(60_000)!;
    for (let minutes = 5; minutes <= 1440; minutes += 5) {
      const row = forecast.maximum(minutes * 60_000)!;
      expect(
        row.every((value, i) => value >= before[i]! - 1e-9),
        `${minutes} min`,
      ).toBe(true);
      before = row;
    }
  });

  it('does not go below nought where demand never did', async () => {
    const values = Array.from({ length: 3000 }, (_, i) => Math.max(0, 5 * Math.sin(i / 46) + (i % 11) - 5));
    const rows = everyRow(await neural.forecast(historyOf(values, FIVE_MINUTES_MS)));
    expect(Math.min(...rows.flat())).toBeGreaterThanOrEqual(0);
  });

  // The reason to have the nets: they must see a daily crowd come that the present level says nothing of.
  it('sees a daily crowd come', async () => {
    const values = flashCrowds(15, 5);
    const crowdAt = 14 * 1440 + 14 * 60;
    const forecast = await neural.forecast(historyOf(values.slice(0, crowdAt - 120)));
    const median = (minute: number) => forecast.at(minute)![7]!;
    expect(median(135)).toBeGreaterThan(median(60) + 300);
    expect(forecast.maximum(4 * HOUR_MS)![13]).toBeGreaterThan(800);
  });

  it('gives the medians as a fit, which goes on beyond the day as the day went', async () => {
    const history = historyOf(flashCrowds(3, 3));
    const forecast = await neural.forecast(history);
    const fitted = await neural.fit(history, 1800);
    expect(fitted.asOf).toBe(endOf(history));
    expect(fitted.path[600]).toBe(forecast.at(600)![7]);
    expect(fitted.path.slice(1440)).toEqual(fitted.path.slice(0, 360));
  });
});

describe('events', () => {
  const history = historyOf(flashCrowds(10, 9, 5), FIVE_MINUTES_MS);
  const asOf = endOf(history);
  const sale = (startHours: number, announcedHours: number): AnnouncedEvent => ({
    announced: asOf + announcedHours * HOUR_MS,
    start: asOf + startHours * HOUR_MS,
    end: asOf + (startHours + 3) * HOUR_MS,
    name: 'sale',
    kind: 'sale',
    expectedUplift: 2,
  });

  it('that are not announced yet change nothing', () => {
    const without = featuresOf(windowOf(history));
    expect(featuresOf(windowOf(history, [sale(2, 1)]))).toEqual(without);
    expect(featuresOf(windowOf(history, [sale(2, -1)]))).not.toEqual(without);
  });

  // Sales of the past doubled demand, newsletters did nothing: both are announced alike.
  it('are believed as far as their kind deserves', async () => {
    const events: AnnouncedEvent[] = [];
    const values = Float64Array.from(
      { length: 14 * 288 },
      (_, i) => 100 + 30 * Math.sin((2 * Math.PI * i) / 288),
    );
    const shop: History = { startAt: 0, stepMs: FIVE_MINUTES_MS, values };
    const now = endOf(shop);
    for (let day = 1; day <= 12; day++) {
      const kind = day % 2 ? 'sale' : 'newsletter';
      const first = day * 288 + ((day * 53) % 200);
      const start = (first - 1) * FIVE_MINUTES_MS;
      events.push({
        announced: start - 48 * HOUR_MS,
        start,
        end: start + 3 * HOUR_MS,
        name: kind,
        kind,
        expectedUplift: 2,
      });
      if (kind === 'sale') for (let i = first; i < first + 36; i++) values[i]! *= 2;
    }
    const next = (kind: string): AnnouncedEvent[] => [
      ...events,
      {
        announced: now - HOUR_MS,
        start: now + 4 * HOUR_MS,
        end: now + 7 * HOUR_MS,
        name: kind,
        kind,
        expectedUplift: 2,
      },
    ];
    const at = async (list: AnnouncedEvent[]) => (await neural.forecast(shop, list)).at(66)![7]!;
    const [plain, sold, written] = [await at(events), await at(next('sale')), await at(next('newsletter'))];
    expect(sold / plain).toBeGreaterThan(1.6);
    expect(Math.abs(written / plain - 1)).toBeLessThan(0.15);
  });
});

describe('questions put together', () => {
  const histories = Array.from({ length: 40 }, (_, i) => historyOf(flashCrowds(3, i, 5), FIVE_MINUTES_MS));

  it('have the answers that they have alone', async () => {
    const together = await Promise.all(histories.map((history) => neural.forecast(history)));
    for (const i of [0, 17, 39]) {
      const alone = everyRow(await neural.forecast(histories[i]!)).flat();
      everyRow(together[i]!)
        .flat()
        .forEach((value, k) => expect(value).toBeCloseTo(alone[k]!, 1));
    }
  });

  it('make few batches, and a batch that fails fails no later one', async () => {
    const sizes: number[] = [];
    const batcher = createBatcher({
      async run(tokens, window, batch) {
        sizes.push(batch);
        if (sizes.length === 1) throw new Error('out of memory');
        return nets['lstm']!.run(tokens, window, batch);
      },
    });
    const features = histories.map((history) => featuresOf(windowOf(history)));
    const settled = await Promise.allSettled(features.map((one) => batcher.answer(one)));
    expect(sizes).toEqual([32, 8]);
    expect(settled.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 32 }, () => 'rejected'),
      ...Array.from({ length: 8 }, () => 'fulfilled'),
    ]);
  });
});
