import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import type { NeuralForecast, NeuralForecaster } from '../models/neural.ts';
import { createNeuralForecaster } from '../models/neural.ts';
import { openOnnx } from '../models/neural/onnx.ts';
import { packageRoot } from '../src/temporal/package-root.ts';
import type { Trace } from './forecast-neural-traces.ts';
import { originsOf, readTraces } from './forecast-neural-traces.ts';

/**
 * `node dist/bench/forecast-neural.js TRACES --out F.csv.gz [--sets sets.json --set dev] [--protocol run|online|events]
 * [--events on|off] [--nets FOLDER] [--models lstm,transformer,average]`: forecasts of the neural models in the referee's format.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    sets: { type: 'string' },
    set: { type: 'string', default: 'dev' },
    protocol: { type: 'string', default: 'run' },
    events: { type: 'string', default: 'on' },
    nets: { type: 'string', default: join(packageRoot(), 'models/onnx') },
    models: { type: 'string', default: 'lstm,transformer,average' },
  },
});
const AT_ONCE = 32;
const HOUR_MS = 3_600_000;
const [folder] = positionals;
const { protocol, out } = options;
if (!folder || !out) throw new Error('usage: forecast-neural TRACES --out F.csv.gz');
if (protocol !== 'run' && protocol !== 'online' && protocol !== 'events') {
  throw new Error(`--protocol ${protocol}: use run, online or events`);
}

const forecasters = await load(options.models.split(','));
const file = createGzip();
const written = finished(file.pipe(createWriteStream(out)));
let forecasts = 0;
const began = performance.now();
for (const trace of readTraces(folder, namesOf(options.sets, options.set))) await forecastTrace(trace);
file.end();
await written;
const seconds = (performance.now() - began) / 1000;
console.log(
  `${forecasts} forecasts in ${seconds.toFixed(1)} s, ${((1000 * seconds) / forecasts).toFixed(2)} ms each, writing included`,
);

async function load(wanted: readonly string[]): Promise<NeuralForecaster[]> {
  const names = wanted.includes('average') ? ['lstm', 'transformer'] : wanted;
  const nets = new Map(
    await Promise.all(
      names.map(
        async (name) => [name, await openOnnx(readFileSync(join(options.nets, `${name}.onnx`)))] as const,
      ),
    ),
  );
  return wanted.map((name) =>
    createNeuralForecaster(
      name === 'average' ? 'neural' : `neural-${name}`,
      name === 'average' ? [...nets.values()] : [nets.get(name)!],
    ),
  );
}

function namesOf(sets: string | undefined, set: string): string[] | undefined {
  if (!sets) return undefined;
  const parsed = JSON.parse(readFileSync(sets, 'utf8')) as Record<string, { forecast: string[] }>;
  return parsed[set]?.forecast;
}

async function forecastTrace(trace: Trace): Promise<void> {
  const origins = originsOf(trace, protocol as 'run' | 'online' | 'events');
  if (forecasts === 0) file.write(header());
  for (let i = 0; i < origins.length; i += AT_ONCE) {
    const chunk = origins.slice(i, i + AT_ONCE);
    for (const forecaster of forecasters) {
      const given = await Promise.all(
        chunk.map((origin) =>
          forecaster.forecast(
            { ...trace.history, values: trace.history.values.subarray(0, origin) },
            options.events === 'on' ? trace.events : [],
          ),
        ),
      );
      for (const forecast of given) file.write(rowsOf(trace, forecast));
      forecasts += given.length;
    }
  }
}

function header(): string {
  const levels = [0.005, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.995];
  return `series,origin,target,model,${levels.map((level) => `q${level}`).join(',')}\n`;
}

function rowsOf(trace: Trace, forecast: NeuralForecast): string {
  const { asOf, stepMs, model } = forecast;
  const row = (target: string, quantiles: readonly number[]) =>
    `${trace.name},${iso(asOf)},${target},${model},${quantiles.map((value) => value.toPrecision(9)).join(',')}\n`;
  const hour = HOUR_MS / stepMs;
  if (protocol === 'online') {
    if (Math.round((asOf - trace.firstMs) / stepMs) + hour > trace.history.values.length) return '';
    return row(iso(asOf + HOUR_MS - stepMs), forecast.at(hour - 1)!);
  }
  let rows = '';
  for (let step = 0; step < 24 * hour; step++) rows += row(iso(asOf + step * stepMs), forecast.at(step)!);
  return `${rows}${row('max:1h', forecast.maximum(HOUR_MS)!)}${row('max:24h', forecast.maximum(24 * HOUR_MS)!)}`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
