import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createFitter } from '../models/fitter.ts';
import { loadInstalledPremirror } from '../models/premirror-fit.ts';
import type { SteppedEvent } from '../src/backtest/cost-contender.ts';
import { costContender, nearTermOutlooks } from '../src/backtest/cost-contender.ts';
import type { WorldModel } from '../src/backtest/model.ts';
import { STEP_MS, lagSteps } from '../src/backtest/model.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { forecastsAlong } from '../src/backtest/forecasts-along.ts';
import { replayWorld } from '../src/backtest/premirror-contender.ts';
import { RETUNE_HOURS, bestTarget, tryPremirror } from '../src/backtest/run-backtest.ts';
import type { Trial } from '../src/backtest/series.ts';
import { parseDemand } from '../src/backtest/series.ts';
import type { Targets } from '../src/backtest/world.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { eventsOfCsv } from '../src/events/read-events.ts';

/**
 * Runs a policy over a folder of minute-grid demand with its facts.json, and writes per trace and violation cost
 * the instances wanted in each minute of the test part. Announced events beside a trace (<trace>.events.csv) are used from
 * their announcement on by `cost`. `interval` is the concept as written: the product's forecasts and decision over a primary
 * whose autoscaler was tuned in training, settings moved by feedback every hour.
 */
const USAGE = 'npm run bench:policy -- IN OUT [--policy cost|interval] [--only TEXT]';

interface Facts {
  violation_costs: number[];
  model: {
    price_full: number;
    price_warm: number;
    price_shadow: number;
    cold_s: number;
    shadow_s: number;
    warm_s: number;
    observation_delay_s: number;
    floor: number;
  };
  traces: Record<string, { demand_per_instance: number; test_from: string }>;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: '' }, policy: { type: 'string', default: 'cost' } },
  });
  const [from, to] = positionals;
  if (from === undefined || to === undefined)
    throw new Error(`two folders are needed, the exported one and the one to write. Usage: ${USAGE}`);
  if (values.policy !== 'cost' && values.policy !== 'interval')
    throw new Error(`--policy ${values.policy}: write cost or interval`);
  const facts = JSON.parse(readFileSync(join(from, 'facts.json'), 'utf8')) as Facts;
  for (const name of Object.keys(facts.traces).filter((trace) => trace.includes(values.only))) {
    const began = performance.now();
    const trace = readTrace(facts, name, from);
    const decided = values.policy === 'cost' ? byCost(facts, trace) : await byInterval(facts, trace);
    for (const violationCost of facts.violation_costs)
      write(join(to, `k${violationCost}`), trace, decided(violationCost));
    console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

interface Trace {
  name: string;
  startMs: number;
  /** In the trace's own unit, for the referee's check. */
  values: Float64Array;
  trial: Trial;
  events: SteppedEvent[];
}

function readTrace(facts: Facts, name: string, from: string): Trace {
  const { demand_per_instance: perInstance, test_from: testFrom } = facts.traces[name]!;
  const { startMs, values } = parseDemand(readFileSync(join(from, `${name}.csv`), 'utf8'));
  const demand = values.map((value) => value / perInstance);
  const split = Math.round((Date.parse(testFrom) - startMs) / STEP_MS);
  const events = eventsBeside(join(from, `${name}.events.csv`), startMs);
  return { name, startMs, values, trial: { demand, split, perInstance }, events };
}

/** Targets along a trace by the cost of a violation. */
type Decided = (violationCost: number) => Targets;

function byCost(facts: Facts, { trial, events }: Trace): Decided {
  const outlookOf = shared(nearTermOutlooks(modelOf(facts, 1), events), trial.demand.length);
  return (violationCost) => {
    const model = modelOf(facts, violationCost);
    return decideAlong(costContender(model, outlookOf), trial.demand, lagSteps(model));
  };
}

async function byInterval(facts: Facts, { trial, startMs }: Trace): Promise<Decided> {
  const world = replayWorld(modelOf(facts, 1), 'interval');
  const fitter = createFitter(loadInstalledPremirror);
  const forecasts = await forecastsAlong(trial.demand, startMs, world, DEFAULT_SETTINGS, { fitter });
  return (violationCost) => {
    const model = modelOf(facts, violationCost);
    const target = bestTarget(trial, model);
    const run = { policy: 'interval', target, retuneHours: RETUNE_HOURS } as const;
    return tryPremirror(trial, startMs, model, forecasts, run).targets;
  };
}

function write(folder: string, { name, startMs, values, trial }: Trace, targets: Targets): void {
  const rows = ['time,demand,primary_target,full_target,warm_target,shadow_target'];
  for (let t = trial.split; t < values.length; t++) {
    const time = new Date(startMs + t * STEP_MS).toISOString();
    const wanted = [targets.primary[t], targets.full[t], targets.warm[t], targets.shadow[t]];
    rows.push([time, values[t], ...wanted].join(','));
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.csv`), `${rows.join('\n')}\n`);
}

/** The trace's announced events, if any lie beside it. Without an announced uplift there is nothing to multiply by. */
function eventsBeside(path: string, startMs: number): SteppedEvent[] {
  if (!existsSync(path)) return [];
  const step = (ms: number) => Math.ceil((ms - startMs) / STEP_MS);
  return eventsOfCsv(readFileSync(path, 'utf8'), path).flatMap(
    ({ announced, start, end, kind, expectedUplift }) =>
      expectedUplift === undefined
        ? []
        : [{ announced: step(announced), start: step(start), end: step(end), kind, uplift: expectedUplift }],
  );
}

/** Forecasts are made once and kept: they don't depend on the cost of a violation. */
function shared(
  outlookOf: ReturnType<typeof nearTermOutlooks>,
  steps: number,
): ReturnType<typeof nearTermOutlooks> {
  const kept: (ReturnType<typeof outlookOf> | undefined)[] = Array.from({ length: steps });
  return (observed) => (kept[observed.length] ??= outlookOf(observed));
}

function modelOf({ model }: Facts, violationCost: number): WorldModel {
  return {
    prices: { full: model.price_full, warm: model.price_warm, shadow: model.price_shadow },
    timesToServe: {
      coldMs: model.cold_s * 1000,
      shadowMs: model.shadow_s * 1000,
      warmMs: model.warm_s * 1000,
    },
    violationCost,
    observationDelayMs: model.observation_delay_s * 1000,
    floor: model.floor,
  };
}

await main();
