import { parseArgs } from 'node:util';
import type { Burst } from '../models/near-term/burst-response.ts';
import { WEIGHTS } from '../models/near-term/error-distribution.ts';
import { MINUTES_AHEAD, NearTermWithEvents } from '../models/near-term/with-events.ts';
import { normal, seededRandom } from '../src/cli/up/random.ts';
import { tryOut } from '../src/backtest/compare.ts';
import { costContender } from '../src/backtest/cost-contender.ts';
import type { WorldModel } from '../src/backtest/model.ts';
import { DEFAULT_MODEL, lagSteps, STEP_MS, STEPS_PER_DAY } from '../src/backtest/model.ts';
import { score } from '../src/backtest/score.ts';
import { simulate } from '../src/backtest/world.ts';
import type { Outlook } from '../src/domain/cost-policy.ts';
import { DEFAULT_BURST_BELIEF } from '../src/domain/event-source.ts';

/**
 * What believing in bursts of talk is worth before anything is learnt of them: synthetic demand with one burst a day, of which
 * a share is followed by a crowd, under several beliefs. Cost of what was billed and not served in the hour from each burst on,
 * in hours of a full instance, over what the same policy costs that hears of no burst.
 */
const USAGE = 'npm run build && node dist/bench/bursts.js [--seeds 8]';
const SHARES = [0, 0.25, 0.5, 1];
const BELIEFS = [0.1, 0.25, 0.5, 0.75];
const QUIET_DAYS = 3;
const BURST_DAYS = 5;
/** Not those of `premirror up`, nor of its tests. */
const FIRST_SEED = 9001;

/** As the example's sandbox and specification have it. */
const MODEL: WorldModel = {
  ...DEFAULT_MODEL,
  violationCost: 40,
  observationDelayMs: 240_000,
  timesToServe: { coldMs: 150_000, shadowMs: 90_000, warmMs: 30_000 },
};

interface World {
  demand: Float64Array;
  bursts: number[];
}

/** Eight instances or so with a daily course and noise; a crowd 5 to 25 minutes after a burst that means something. */
function worldOf(seed: number, share: number): World {
  const random = seededRandom(seed);
  const bursts: number[] = [];
  const lifts: { from: number; height: number }[] = [];
  for (let day = QUIET_DAYS; day < QUIET_DAYS + BURST_DAYS; day++) {
    const at = Math.floor((day + 0.1 + 0.8 * random()) * STEPS_PER_DAY);
    const [means, delay, height] = [random() < share, 5 + 20 * random(), 1.3 + 2 * random()];
    bursts.push(at);
    if (means) lifts.push({ from: at + delay, height });
  }
  let noise = 0;
  const demand = Float64Array.from({ length: (QUIET_DAYS + BURST_DAYS) * STEPS_PER_DAY }, (_, t) => {
    noise = 0.6 * noise + 0.02 * normal(random);
    const usual = 8 * (1 - 0.3 * Math.cos((2 * Math.PI * (t - 240)) / STEPS_PER_DAY)) * (1 + noise);
    const lift = ({ from, height }: (typeof lifts)[number]) =>
      1 + (height - 1) * Math.max(0, Math.min(1, (t - from) / 4, (from + 25 - t) / 6));
    return usual * Math.max(1, ...lifts.map(lift));
  });
  return { demand, bursts };
}

/** The near-term forecast along the series. Talk is heard at once, demand is observed late. */
function outlooks(bursts: readonly Burst[]): (observed: Float64Array) => Outlook {
  const lag = lagSteps(MODEL);
  const forecaster = new NearTermWithEvents(MINUTES_AHEAD.map((steps) => steps + lag));
  const timesMs = MINUTES_AHEAD.map((steps) => steps * STEP_MS);
  const toHear = [...bursts];
  let known = 0;
  return (observed) => {
    while (known < observed.length) forecaster.learn(observed[known++]!);
    while (toHear[0] && toHear[0].start < known + lag) forecaster.hear(toHear.shift()!);
    return { timesMs, values: forecaster.forecast(), weights: WEIGHTS };
  };
}

/** Cost of the hour from each burst on. */
function costs({ demand, bursts }: World, probability?: number): number[] {
  const heard = bursts.map((start): Burst => {
    const { leastUplift, mostUplift, withinMs } = DEFAULT_BURST_BELIEF;
    const belief = {
      probability: probability ?? 0,
      leastUplift,
      mostUplift,
      withinMinutes: withinMs / 60_000,
    };
    return { start, kind: 'talk', belief };
  });
  const outlookOf = outlooks(probability === undefined ? [] : heard);
  const { targets } = tryOut(
    costContender(MODEL, outlookOf),
    '',
    { demand, split: STEPS_PER_DAY, perInstance: 1 },
    MODEL,
  );
  const course = simulate(targets, MODEL, Math.ceil(demand[0]!));
  return bursts.map((from) => {
    const [ticksFrom, ticksTo] = [2 * from, 2 * (from + 60)];
    const hour = {
      serving: course.serving.subarray(ticksFrom, ticksTo),
      full: course.full.subarray(ticksFrom, ticksTo),
      warm: course.warm.subarray(ticksFrom, ticksTo),
      shadow: course.shadow.subarray(ticksFrom, ticksTo),
    };
    return score(demand.subarray(from, from + 60), hour, MODEL).cost;
  });
}

function main(): void {
  const { values } = parseArgs({ options: { seeds: { type: 'string', default: '8' } } });
  const seeds = Number(values.seeds);
  if (!(seeds >= 1)) throw new Error(`--seeds ${values.seeds}: write a number of 1 or more. Usage: ${USAGE}`);
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  console.log('share that means something | belief | first burst | later bursts (each, more is dearer)');
  for (const share of SHARES) {
    const worlds = Array.from({ length: seeds }, (_, i) => worldOf(FIRST_SEED + i, share));
    const without = worlds.map((world) => costs(world));
    for (const belief of BELIEFS) {
      const more = worlds.map((world, i) => costs(world, belief).map((cost, j) => cost - without[i]![j]!));
      const first = mean(more.map((own) => own[0]!));
      const later = mean(more.flatMap((own) => own.slice(1)));
      console.log(`${share} | ${belief} | ${first.toFixed(2)} | ${later.toFixed(2)}`);
    }
    console.log(
      `${share} | none: cost | ${mean(without.map((own) => own[0]!)).toFixed(2)} | ${mean(without.flatMap((own) => own.slice(1))).toFixed(2)}`,
    );
  }
}

main();
