import { createWriteStream, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import type { History } from '../models/forecaster.ts';
import type { Contender, Forecast } from '../models/line-up.ts';
import { CONTENDERS, loadContenders } from '../models/line-up.ts';
import { M4_STEPS, readM4 } from './forecast-m4.ts';
import { calibratedAhead } from './forecast-online.ts';
import { headerOf, hourAhead, numberedRows, rowsOf } from './forecast-rows.ts';
import type { Trace } from './forecast-traces.ts';
import { originsOf, readTraces } from './forecast-traces.ts';

/**
 * `npm run bench:forecast -- TRACES --out F.csv.gz [--sets sets.json --set dev] [--series a,b] [--protocol run|online|
 * events|m4] [--events on|off] [--models premirror,lstm,...] [--nets FOLDER]`: forecasts of all models in one file of the
 * referee's format. Each series is walked forward in time; nothing after an origin is read at it. With `--protocol m4`
 * TRACES holds M4's Hourly-train.csv, and two days from each series' end are forecast.
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
    models: { type: 'string' },
  },
});
const HOUR_MS = 3_600_000;
const [folder] = positionals;
const { protocol, out } = options;
if (!folder || !out) throw new Error('usage: bench:forecast TRACES --out F.csv.gz');
if (protocol !== 'run' && protocol !== 'online' && protocol !== 'events' && protocol !== 'm4') {
  throw new Error(`--protocol ${protocol}: use run, online, events or m4`);
}
const HORIZON_HOURS = { run: 24, online: 1, events: 24, m4: M4_STEPS };
/** The nets alone look a day ahead, which is not far enough for M4. */
const MODELS = protocol === 'm4' ? ['premirror', 'mixture', 'mstl-ets', 'seasonal-naive'] : CONTENDERS;

const models = await loadContenders(
  options.models?.split(',') ?? MODELS,
  HORIZON_HOURS[protocol] * HOUR_MS,
  options.nets,
);
const file = createGzip();
const written = finished(file.pipe(createWriteStream(out)));
const spent = new Map<string, { forecasts: number; ms: number }>();
const began = performance.now();
file.write(headerOf());
if (protocol === 'm4') {
  for (const series of readM4(folder)) for (const model of models) await forecastEnd(series, model);
} else {
  for (const trace of readTraces(folder, namesOf())) {
    for (const model of models) await forecastTrace(trace, model, protocol);
  }
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

async function forecastTrace(trace: Trace, model: Contender, by: 'run' | 'online' | 'events'): Promise<void> {
  const forecast = timed(model);
  const calibrate = calibratedAhead(HOUR_MS / trace.history.stepMs);
  const events = options.events === 'on' ? trace.events : [];
  for (const origin of originsOf(trace, by)) {
    const known = { ...trace.history, values: trace.history.values.subarray(0, origin) };
    const given = await forecast(known, events);
    if (!given) continue;
    file.write(
      by === 'online'
        ? hourAhead(trace, model.name, known, given, calibrate)
        : rowsOf(trace, model.name, given),
    );
  }
}

async function forecastEnd(
  { name, history }: { name: string; history: History },
  model: Contender,
): Promise<void> {
  const given = await timed(model)(history, []);
  if (given) file.write(numberedRows(name, model.name, given, M4_STEPS));
}

/** A model that begins a series, its time taken. */
function timed(model: Contender): Forecast {
  const forecast = model.start();
  const time = spent.get(model.name) ?? { forecasts: 0, ms: 0 };
  spent.set(model.name, time);
  return async (history, events) => {
    const before = performance.now();
    const given = await forecast(history, events);
    time.ms += performance.now() - before;
    time.forecasts += 1;
    return given;
  };
}
