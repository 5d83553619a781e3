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
 * many at once, features and quantiles included. Beside the wall's time the processor's is given: other work on the machine
 * lengthens the one and hardly the other.
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
    const single = await measured(async () => {
      for (const history of histories) await forecast(history);
    });
    const batched = await measured(() => Promise.all(histories.map((history) => forecast(history))));
    console.log(
      `${name}, ${threads} threads: one by one ${single.wallMs.toFixed(2)} ms each (processor ${single.processorMs.toFixed(2)}); ` +
        `at once ${(1000 / batched.wallMs).toFixed(0)} series/s (processor ${batched.processorMs.toFixed(2)} ms each)`,
    );
  }
}
console.log(`RSS ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);

/** Mean times of one series, ms. */
async function measured(work: () => Promise<unknown>): Promise<{ wallMs: number; processorMs: number }> {
  const began = performance.now();
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) await work();
  const { user, system } = process.cpuUsage(before);
  const count = ROUNDS * histories.length;
  return { wallMs: (performance.now() - began) / count, processorMs: (user + system) / 1000 / count };
}

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
