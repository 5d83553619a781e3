import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SteppedEvent } from '../src/backtest/cost-contender.ts';
import { costContender, nearTermOutlooks } from '../src/backtest/cost-contender.ts';
import type { WorldModel } from '../src/backtest/model.ts';
import { STEP_MS, lagSteps } from '../src/backtest/model.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { parseDemand } from '../src/backtest/series.ts';
import { eventsOfCsv } from '../src/events/read-events.ts';

/**
 * Runs the `cost` policy over a folder of minute-grid demand with its facts.json, and writes per trace and violation cost
 * the instances wanted in each minute of the test part. Announced events beside a trace (<trace>.events.csv) are used from
 * their announcement on.
 */
const USAGE = 'npm run bench:policy -- IN OUT [--only TEXT]';

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

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string', default: '' } },
  });
  const [from, to] = positionals;
  if (from === undefined || to === undefined)
    throw new Error(`two folders are needed, the exported one and the one to write. Usage: ${USAGE}`);
  const facts = JSON.parse(readFileSync(join(from, 'facts.json'), 'utf8')) as Facts;
  for (const name of Object.keys(facts.traces).filter((trace) => trace.includes(values.only))) {
    const began = performance.now();
    decideTrace(facts, name, from, to);
    console.log(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

function decideTrace(facts: Facts, name: string, from: string, to: string): void {
  const { demand_per_instance: perInstance, test_from: testFrom } = facts.traces[name]!;
  const { startMs, values } = parseDemand(readFileSync(join(from, `${name}.csv`), 'utf8'));
  const demand = values.map((value) => value / perInstance);
  const split = Math.round((Date.parse(testFrom) - startMs) / STEP_MS);
  const events = eventsBeside(join(from, `${name}.events.csv`), startMs);
  const outlookOf = shared(nearTermOutlooks(modelOf(facts, 1), events), demand.length);
  for (const violationCost of facts.violation_costs) {
    const model = modelOf(facts, violationCost);
    const targets = decideAlong(costContender(model, outlookOf), demand, lagSteps(model));
    const rows = ['time,demand,primary_target,full_target,warm_target,shadow_target'];
    for (let t = split; t < demand.length; t++) {
      const time = new Date(startMs + t * STEP_MS).toISOString();
      const wanted = [targets.primary[t], targets.full[t], targets.warm[t], targets.shadow[t]];
      rows.push([time, values[t], ...wanted].join(','));
    }
    const folder = join(to, `k${violationCost}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.csv`), `${rows.join('\n')}\n`);
  }
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

main();
