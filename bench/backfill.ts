import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createBackfillActivities } from '../activities/backfill.ts';
import type { BackfilledDay } from '../activities/backfill.ts';
import { hindsight } from '../src/backtest/hindsight.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import { MemoryHistory } from './memory-history.ts';
import { worldOf } from './shifts/decide-along.ts';

/**
 * `npm run bench:backfill -- [--days 30] [--policy interval] [--runs 2]`: a past of one-minute demand forecast and decided
 * again as of then, every quarter of an hour, run after run. Prints the time and a hash of all that a run wrote: the same
 * for every run. The ledger is kept in memory; what it adds is in docs/operations.md.
 */
const { values: options } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    runs: { type: 'string', default: '2' },
    policy: { type: 'string', default: 'interval' },
  },
});
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const FIRST_DAY = Date.UTC(2026, 9, 1);
const days = Number(options.days);
const { policy } = options;
if (policy !== 'interval' && policy !== 'cost') throw new Error(`--policy ${policy}: use interval or cost`);

const { spec: base } = worldOf(MINUTE_MS, policy);
const spec: ApplicationSpec = {
  ...base,
  mode: 'observe',
  objectives: { ...base.objectives, violationCost: 20 },
  mirrors: { ...base.mirrors, zones: ['b', 'c'] },
};

/** A daily wave, its own noise, and a crowd on three evenings a week; the same whenever it is asked. */
function demandAt(at: number): number {
  const day = Math.floor(at / DAY_MS);
  const ofDay = (at % DAY_MS) / DAY_MS;
  const wave = 300 - 200 * Math.cos(2 * Math.PI * (ofDay - 0.1));
  const crowd = day % 7 < 3 && ofDay > 0.8 && ofDay < 0.83 ? 400 : 0;
  return Math.max(0, wave + crowd + 25 * noise(at));
}

function noise(at: number): number {
  let x = Math.imul((at / MINUTE_MS) | 0, 0x9e3779b1);
  x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
  return (((x ^ (x >>> 13)) >>> 0) / 2 ** 31 - 1) * 1.7;
}

const source = {
  reads: 0,
  async read(_: ApplicationSpec, from: number, to: number) {
    source.reads++;
    const samples = [];
    for (let at = Math.floor(from / MINUTE_MS) * MINUTE_MS + MINUTE_MS; at <= to; at += MINUTE_MS)
      samples.push({ at, value: demandAt(at) });
    return samples;
  },
};
const ledger: Pick<Ledger, 'timesToServe'> = {
  timesToServe: async () => ({ warmMs: 40_000, shadowMs: 90_000, coldMs: 150_000 }),
};

let activities: ReturnType<typeof createBackfillActivities> | undefined;
for (let run = 1; run <= Number(options.runs); run++) {
  const history = new MemoryHistory();
  const ports = {
    demand: source,
    history,
    ledger,
    hindsight,
    clock: { now: () => FIRST_DAY + (days + 2) * DAY_MS, speed: 1 },
    prices: { full: 0.134, warm: 0.0047, shadow: 0.001, currency: 'USD', source: 'bench' },
    applications: { find: async () => ({ spec, settings: DEFAULT_SETTINGS }) },
    fleet: {
      snapshot: async () => ({ primary: { serving: 4, minimum: 2, maximum: 12, target: 4 }, mirrors: [] }),
    },
  };
  // The same thread for every run, as in a worker: nothing that it remembers may change a result.
  activities = createBackfillActivities(ports);
  const environment = new MockActivityEnvironment();
  const known = await activities.describeApplication('shop');
  const began = performance.now();
  const cpu = process.cpuUsage();
  let looks = 0;
  let cost = 0;
  let optimalCost = 0;
  let covered = 0;
  for (let day = 0; day < days; day++) {
    const { backfillDay } = activities;
    const input = { known, day: FIRST_DAY + day * DAY_MS };
    const done = (await environment.run(backfillDay, input)) as BackfilledDay;
    looks += done.looks;
    cost += done.balance?.cost ?? 0;
    optimalCost += done.balance?.optimalCost ?? 0;
    covered += done.scores.find(({ leadMs }) => leadMs === 3_600_000)?.coverage ?? 0;
  }
  const wallS = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const hash = createHash('sha256').update(history.everything()).digest('hex').slice(0, 16);
  console.log(
    `run ${run}: ${days} days, ${looks} looks in ${wallS.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} CPU-s), ` +
      `${source.reads} reads of demand so far; coverage an hour ahead ${((100 * covered) / days).toFixed(1)}%, ` +
      `cost ${cost.toFixed(2)} beside ${optimalCost.toFixed(2)} in hindsight; all rows ${hash}`,
  );
}
process.exit(0);
