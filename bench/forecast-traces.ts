import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { History } from '../models/forecaster.ts';
import type { AnnouncedEvent } from '../src/domain/event.ts';

/** A recorded series on the referee's grid: 5-minute means, or its own step where that is coarser. */
export interface Trace {
  name: string;
  /** `history.values[i]` is the bin that begins at `firstMs + i * stepMs`; NaN where missing. */
  history: History;
  firstMs: number;
  events: AnnouncedEvent[];
}

const FINEST_MS = 300_000;
const DAY_MS = 86_400_000;
const EVERY_MS = 6 * 3_600_000;
const MOST_ORIGINS = 40;
const TEST_SHARE = 0.3;

/** Spans recorded as nought while nothing was recorded (UTC, half-open). */
const OUTAGES: Record<string, [string, string][]> = {
  nasa_http_requests_1min: [
    ['1995-07-28T17:30Z', '1995-08-01T04:00Z'],
    ['1995-08-01T18:50Z', '1995-08-03T08:40Z'],
  ],
};

/** Every CLASS/NAME.csv.gz below `folder`, or those of `only`. */
export function readTraces(folder: string, only?: readonly string[]): Trace[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(folder, name)).map((file) => `${name}/${file}`))
    .filter((file) => file.endsWith('.csv.gz'))
    .map((file) => file.replace('.csv.gz', ''))
    .filter((name) => !only || only.includes(name))
    .sort()
    .map((name) => readTrace(folder, name));
}

function readTrace(folder: string, name: string): Trace {
  const outages = (OUTAGES[basename(name)] ?? []).map((span) => span.map((time) => Date.parse(time)));
  const samples = rowsOf(gunzipSync(readFileSync(join(folder, `${name}.csv.gz`))).toString()).map(
    ([time, value]) => ({ at: parseUtc(time!), value: Number(value) }),
  );
  const gaps = samples.slice(1).map(({ at }, i) => at - samples[i]!.at);
  const gap = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
  const stepMs = gap <= FINEST_MS ? FINEST_MS : Math.round(gap / FINEST_MS) * FINEST_MS;
  const first = Math.floor(samples[0]!.at / stepMs);
  const totals = new Float64Array(Math.floor(samples.at(-1)!.at / stepMs) - first + 1);
  const counts = new Uint32Array(totals.length);
  for (const { at, value } of samples) {
    if (Number.isNaN(value) || outages.some(([from, to]) => at >= from! && at < to!)) continue;
    const bin = Math.floor(at / stepMs) - first;
    totals[bin]! += value;
    counts[bin]! += 1;
  }
  const values = totals.map((total, i) => (counts[i]! > 0 ? total / counts[i]! : Number.NaN));
  const firstMs = first * stepMs;
  const events = readEvents(join(folder, `${name}.events.csv`));
  return { name, firstMs, history: { startAt: firstMs + stepMs, stepMs, values }, events };
}

function readEvents(path: string): AnnouncedEvent[] {
  if (!existsSync(path)) return [];
  return rowsOf(readFileSync(path, 'utf8')).map(([announced, start, end, name, kind, uplift]) => ({
    announced: parseUtc(announced!),
    start: parseUtc(start!),
    end: parseUtc(end!),
    name: name!,
    kind: kind!,
    ...(uplift ? { expectedUplift: Number(uplift) } : {}),
  }));
}

function rowsOf(csv: string): string[][] {
  return csv
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));
}

function parseUtc(text: string): number {
  const iso = text.trim().replace(' ', 'T');
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
}

/** Indices of the first bin of each forecast, by the referee's protocol. */
export function originsOf(trace: Trace, protocol: 'run' | 'online' | 'events'): number[] {
  const { history, firstMs } = trace;
  const { stepMs, values } = history;
  if (stepMs > 3_600_000) return [];
  const perDay = DAY_MS / stepMs;
  if (protocol === 'online') {
    return Array.from({ length: Math.max(0, values.length - perDay) }, (_, i) => perDay + i);
  }
  const testMs = firstMs + Math.floor((1 - TEST_SHARE) * values.length + 1e-9) * stepMs;
  const endMs = firstMs + values.length * stepMs;
  const times: number[] = [];
  for (let at = Math.ceil(testMs / EVERY_MS) * EVERY_MS; at + DAY_MS <= endMs; at += EVERY_MS) times.push(at);
  const near = (at: number) => trace.events.some(({ start, end }) => start < at + DAY_MS && end > at);
  const thin = Math.ceil(times.length / MOST_ORIGINS);
  const every = Math.max(1, thin + 1 - (thin % 2));
  const kept = protocol === 'events' ? times.filter(near) : times.filter((_, i) => i % every === 0);
  return kept
    .map((at) => (at - firstMs) / stepMs)
    .filter((i) => {
      const recent = values.subarray(Math.max(0, i - 3 * perDay), i);
      return recent.filter((value) => !Number.isNaN(value)).length >= 1.5 * perDay;
    });
}
