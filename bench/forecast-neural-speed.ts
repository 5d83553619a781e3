import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { History } from '../models/forecaster.ts';
import { createNeuralForecaster } from '../models/neural.ts';
import { featuresOf } from '../models/neural/features.ts';
import { openOnnx } from '../models/neural/onnx.ts';
import { windowOf } from '../models/neural/windows.ts';
import { packageRoot } from '../src/temporal/package-root.ts';

/**
 * `node dist/bench/forecast-neural-speed.js [FOLDER]`: a day ahead at 5 minutes from 14 days, one series by one and
 * many at once, features and quantiles included.
 */
const folder = process.argv[2] ?? join(packageRoot(), 'models/onnx');
const DAY = 288;
const histories = Array.from({ length: 64 }, (_, i) => dailyCourse(14 * DAY, i));
const ROUNDS = 8;

timed('features alone', () => {
  for (const history of histories) featuresOf(windowOf(history));
});
for (const name of ['lstm', 'transformer']) {
  for (const threads of [1, 2]) {
    const net = await openOnnx(readFileSync(join(folder, `${name}.onnx`)), threads);
    const { forecast } = createNeuralForecaster(name, [net]);
    await Promise.all(histories.map((history) => forecast(history)));
    let began = performance.now();
    for (let round = 0; round < ROUNDS; round++) for (const history of histories) await forecast(history);
    const each = (performance.now() - began) / (ROUNDS * histories.length);
    began = performance.now();
    for (let round = 0; round < ROUNDS; round++)
      await Promise.all(histories.map((history) => forecast(history)));
    const perSecond = (1000 * ROUNDS * histories.length) / (performance.now() - began);
    console.log(
      `${name}, ${threads} threads: ${each.toFixed(2)} ms one by one, ${perSecond.toFixed(0)} series/s at once`,
    );
  }
}
console.log(`RSS ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);

function timed(what: string, work: () => void): void {
  work();
  const began = performance.now();
  for (let round = 0; round < ROUNDS; round++) work();
  console.log(
    `${what}: ${((performance.now() - began) / (ROUNDS * histories.length)).toFixed(2)} ms a series`,
  );
}

function dailyCourse(steps: number, seed: number): History {
  const values = Float64Array.from(
    { length: steps },
    (_, i) => 100 + 40 * Math.sin((2 * Math.PI * i) / DAY) + ((i * 7919 + seed * 104_729) % 1000) / 50,
  );
  return { startAt: Date.UTC(2026, 0, 1), stepMs: 300_000, values };
}
