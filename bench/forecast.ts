import { createWriteStream, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { createTracker } from '../models/combined/tracked.ts';
import type { Contender } from '../models/line-up.ts';
import { CONTENDERS, loadContenders } from '../models/line-up.ts';
import { headerOf, hourAhead, rowsOf } from './forecast-rows.ts';
import type { Trace } from './forecast-traces.ts';
import { originsOf, readTraces } from './forecast-traces.ts';

/**
 * `npm run bench:forecast -- TRACES --out F.csv.gz [--sets sets.json --set dev] [--series a,b] [--protocol run|online|
 * events] [--events on|off] [--models premirror,lstm,...] [--nets FOLDER]`: forecasts of all models in one file of the
 * referee's format. Each series is walked forward in time; nothing after an origin is read at it.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    sets: { type: 'string' },
    set: { type: 'string', default: 'dev' },
    series: { type: 'string' },
    protocol: { type: 'string', default: 'run' },
    events: { type: 'string', default: 'on' },
    nets: { type: 'string' },
    models: { type: 'string', default: CONTENDERS.join(',') },
  },
});
const HOUR_MS = 3_600_000;
const [folder] = positionals;
const { protocol, out } = options;
if (!folder || !out) throw new Error('usage: bench:forecast TRACES --out F.csv.gz');
if (protocol !== 'run' && protocol !== 'online' && protocol !== 'events') {
  throw new Error(`--protocol ${protocol}: use run, online or events`);
}

const models = await loadContenders(
  options.models.split(','),
  protocol === 'online' ? HOUR_MS : 24 * HOUR_MS,
  options.nets,
);
const file = createGzip();
const written = finished(file.pipe(createWriteStream(out)));
const spent = new Map<string, { forecasts: number; ms: number }>();
const began = performance.now();
file.write(headerOf());
for (const trace of readTraces(folder, namesOf())) {
  for (const model of models) await forecastTrace(trace, model);
}
file.end();
await written;
for (const [name, { forecasts, ms }] of spent) {
  console.log(`${name}: ${forecasts} forecasts, ${(ms / Math.max(1, forecasts)).toFixed(1)} ms each`);
}
console.log(
  `${((performance.now() - began) / 1000).toFixed(1)} s in all, RSS ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`,
);

function namesOf(): string[] | undefined {
  if (options.series) return options.series.split(',');
  if (!options.sets) return undefined;
  const parsed = JSON.parse(readFileSync(options.sets, 'utf8')) as Record<string, { forecast: string[] }>;
  return parsed[options.set]?.forecast;
}

async function forecastTrace(trace: Trace, model: Contender): Promise<void> {
  const forecast = model.start();
  const track = createTracker(HOUR_MS / trace.history.stepMs - 1);
  const events = options.events === 'on' ? trace.events : [];
  const time = spent.get(model.name) ?? { forecasts: 0, ms: 0 };
  spent.set(model.name, time);
  for (const origin of originsOf(trace, protocol as 'run' | 'online' | 'events')) {
    const known = { ...trace.history, values: trace.history.values.subarray(0, origin) };
    const before = performance.now();
    const given = await forecast(known, events);
    time.ms += performance.now() - before;
    time.forecasts += 1;
    if (given)
      file.write(
        protocol === 'online'
          ? hourAhead(trace, model.name, known, given, track)
          : rowsOf(trace, model.name, given),
      );
  }
}
