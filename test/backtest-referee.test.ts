import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_MODEL, STEPS_PER_DAY, lagSteps } from '../src/backtest/model.ts';
import { optimum } from '../src/backtest/optimum.ts';
import { decideAlong } from '../src/backtest/policy.ts';
import { RIVALS } from '../src/backtest/rivals/index.ts';
import type { Score } from '../src/backtest/score.ts';
import { score } from '../src/backtest/score.ts';
import type { Targets } from '../src/backtest/world.ts';
import { simulate, sliceTargets } from '../src/backtest/world.ts';
import { environment, environmentWith } from '../src/config/config.ts';

/**
 * Accounting, optimum and rivals against an independent evaluator in Python, on one recorded trace. It is kept beside this
 * repository and not part of it: where it or its Python packages are missing, there is nothing to compare with.
 */
const REFEREE = resolve(import.meta.dirname, '../../shared/referee');
const HOME = join(environment().home ?? '', '.cache/premirror-referee');
const PYTHON = [join(HOME, 'venv/bin/python'), 'python3'];

const SCRIPT = `
import dataclasses, json, os, sys
os.chdir(${JSON.stringify(REFEREE)})
sys.path[:0] = ['policy', '.']
import numpy as np, pandas, numba
import rivals, traces
from optimum import optimum
from sim import Model, simulate
if sys.argv[1] == 'probe': sys.exit()
trace = next(traces.load_set('dev', 'input2'))
units, model = trace.units, Model(floor=1)
rng = np.random.default_rng(6)
hold = lambda top: np.repeat(rng.integers(0, top + 1, len(units)), rng.integers(1, 30, len(units)))[:len(units)]
plan = {'primary': hold(8), 'full': hold(15), 'warm': hold(4), 'shadow': hold(9)}
group = lambda r: simulate(units[1440:-1440], model, r['full'][1440:-1440], shadow=r['shadow'][1440:-1440] if 'shadow' in r else None, start_full=5)
print(json.dumps({
  'units': units.tolist(), 'plan': {k: v.tolist() for k, v in plan.items()},
  'planned': simulate(units, model, start_full=5, **plan),
  'optimum': {k: optimum(units, dataclasses.replace(model, k=float(k)), 5) for k in (20, 100)},
  'rivals': {
    'hpa|target 0.8': group(rivals.reactive_hpa(units, model.lag, 0.8)),
    'mig|target 0.6': group(rivals.gcp_reactive(units, model.lag, 0.6)),
    'gcp predictive|target 0.9, ahead 10 min': group(rivals.gcp_predictive(units, model.lag, 0.9, 10)),
    'phpa holt-winters|target 0.9, smoothing 0.2/0/0.5': group(rivals.phpa_holt_winters(units, model.lag, 0.9, (0.2, 0.0, 0.5))),
    'gcp predictive +pool|target 0.95, pool 5': group(rivals.gcp_predictive_pool(units, model.lag, 0.95, 5)),
    'aws predictive|target 0.9, mean': group(rivals.aws_predictive(units, model.lag, 0.9, 'mean')),
    'aws predictive|target 0.7, max': group(rivals.aws_predictive(units, model.lag, 0.7, 'max')),
    'aws predictive +pool|target 0.9, mean, pool 10': group(rivals.aws_warm_pool(units, model.lag, 0.9, 'mean', 10)),
    'autopilot|target 0.9, p95 of 30 min': group(rivals.autopilot_like(units, model.lag, 0.9, 30, 'p95')),
    'autopilot|target 1, p95 of 1440 min': group(rivals.autopilot_like(units, model.lag, 1.0, 1440, 'p95')),
    'autopilot|target 0.8, max of 360 min': group(rivals.autopilot_like(units, model.lag, 0.8, 360, 'max')),
    'crane dsp|target 0.9, fft, window 6 min': group(rivals.crane_dsp(units, model.lag, 0.9, 'fft', 6)),
    'crane dsp|target 1, max, window 60 min': group(rivals.crane_dsp(units, model.lag, 1.0, 'max', 60)),
  }}))
`;

interface Verdict {
  total: number;
  instances: number;
  unserved: number;
  unserved_share: number;
  violated: number;
  violated_5pct: number;
  full_hours: number;
  warm_hours: number;
  shadow_hours: number;
}
interface Answer {
  units: number[];
  plan: Record<keyof Targets, number[]>;
  planned: Verdict;
  optimum: Record<string, Verdict>;
  rivals: Record<string, Verdict>;
}

function python(executable: string, argument: string) {
  return spawnSync(executable, ['-c', SCRIPT, argument], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: environmentWith({ PYTHONDONTWRITEBYTECODE: '1', NUMBA_CACHE_DIR: join(HOME, 'numba') }),
  });
}

const usable = existsSync(join(REFEREE, 'policy/sim.py'))
  ? PYTHON.find((executable) => python(executable, 'probe').status === 0)
  : undefined;
if (!usable)
  console.warn(`Skipped: no referee at ${REFEREE}, or no Python with numpy, pandas and numba for it`);

describe.skipIf(!usable)('an independent evaluator agrees', () => {
  let answer: Answer;
  let demand: Float64Array;
  beforeAll(() => {
    const run = python(usable!, 'run');
    expect(run.status, run.stderr).toBe(0);
    answer = JSON.parse(run.stdout) as Answer;
    demand = Float64Array.from(answer.units);
  });

  test('on what a plan costs and leaves unserved', () => {
    const plan = Object.fromEntries(
      Object.entries(answer.plan).map(([tier, wanted]) => [tier, Int32Array.from(wanted)]),
    ) as unknown as Targets;
    expectSame(score(demand, simulate(plan, DEFAULT_MODEL, 5), DEFAULT_MODEL), answer.planned);
  });

  test.each([20, 100])('on the optimum when an unserved hour costs %i', (violationCost) => {
    const model = { ...DEFAULT_MODEL, violationCost };
    const mine = score(demand, optimum(demand, model, 5), model);
    const theirs = answer.optimum[String(violationCost)]!;
    expect(mine.cost).toBeCloseTo(theirs.total, 6);
    expectSame(mine, theirs);
  });

  // Without the first and the last day: there the referee fills in what is not observed yet, or not recorded.
  test('on the rivals', () => {
    const [from, to] = [STEPS_PER_DAY, demand.length - STEPS_PER_DAY];
    const judged = demand.subarray(from, to);
    for (const [key, theirs] of Object.entries(answer.rivals)) {
      const [name, settings] = key.split('|');
      const candidate = RIVALS.find((one) => one.name === name)
        ?.candidates(0)
        .find((one) => one.settings === settings);
      expect(candidate, key).toBeDefined();
      const targets = decideAlong(candidate!.policy, demand, lagSteps(DEFAULT_MODEL));
      const course = simulate(sliceTargets(targets, from, to), DEFAULT_MODEL, 5);
      const mine = score(judged, course, DEFAULT_MODEL);
      // Crane's look-ahead passes midnight, where the referee already uses the forecast that is made at midnight.
      const tolerance = name === 'crane dsp' ? 0.01 : 1e-9;
      expect(Math.abs(mine.cost / theirs.total - 1), key).toBeLessThan(tolerance);
    }
  });

  function expectSame(mine: Score, theirs: Verdict): void {
    expect(mine.cost).toBeCloseTo(theirs.total, 6);
    expect(mine.instanceCost).toBeCloseTo(theirs.instances, 6);
    expect(mine.unservedHours).toBeCloseTo(theirs.unserved, 6);
    expect(mine.unservedShare).toBeCloseTo(theirs.unserved_share, 9);
    expect(mine.minutesShort).toBe(Math.round(theirs.violated * demand.length));
    expect(mine.minutesOver5Short).toBe(Math.round(theirs.violated_5pct * demand.length));
    expect(mine.hours.full).toBeCloseTo(theirs.full_hours, 6);
    expect(mine.hours.warm).toBeCloseTo(theirs.warm_hours, 6);
    expect(mine.hours.shadow).toBeCloseTo(theirs.shadow_hours, 6);
  }
});
