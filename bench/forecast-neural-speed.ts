import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { eased } from '../models/combined/eased.ts';
import { neuralExpert } from '../models/combined/neural-expert.ts';
import { placesOf } from '../models/combined/places.ts';
import { courseOf } from '../models/course.ts';
import type { History } from '../models/forecaster.ts';
import { createNeuralForecaster } from '../models/neural.ts';
import { featuresOf } from '../models/neural/features.ts';
import { openOnnx } from '../models/neural/onnx.ts';
import { windowOf } from '../models/neural/windows.ts';
import { packageRoot } from '../src/temporal/package-root.ts';

/**
 * `node dist/bench/forecast-neural-speed.js [FOLDER]`: a day ahead at 5 minutes from 14 days, one series by one and
 * many at once, features and quantiles included; then as the combination asks them, demand eased first. Beside the wall's time the processor's is given: other work on the machine
 * lengthens the one and hardly the other.
 */
const folder = process.argv[2] ?? join(packageRoot(), 'models/onnx');
const DAY = 288;
const histories = Array.from({ length: 64 }, (_, i) => dailyCourse(14 * DAY, i));
const ROUNDS = 8;
const leads = Array.from({ length: DAY }, (_, i) => i);
const { windows } = placesOf(300_000, 86_400_000);

timed('features alone', () => {
  for (const history of histories) featuresOf(windowOf(history));
});
for (const name of ['lstm', 'transformer']) {
  for (const threads of [1, 2]) {
    const net = await openOnnx(readFileSync(join(folder, `${name}.onnx`)), threads);
    const forecaster = createNeuralForecaster(name, [net]);
    const expert = eased(neuralExpert(forecaster));
    await report(`${name}, ${threads} threads`, (history) => forecaster.forecast(history));
    await report(`${name}, ${threads} threads, eased`, (history) =>
      expert.sketch(courseOf(history), leads, windows, []),
    );
  }
}
console.log(`RSS ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`);

async function report(what: string, ask: (history: History) => Promise<unknown>): Promise<void> {
  await Promise.all(histories.map(ask));
  const single = await measured(async () => {
    for (const history of histories) await ask(history);
  });
  const batched = await measured(() => Promise.all(histories.map(ask)));
  console.log(
    `${what}: one by one ${single.wallMs.toFixed(2)} ms each (processor ${single.processorMs.toFixed(2)}); ` +
      `at once ${(1000 / batched.wallMs).toFixed(0)} series/s (processor ${batched.processorMs.toFixed(2)} ms each)`,
  );
}

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
