import { parseArgs } from 'node:util';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { recoveryOf, turnsOf } from './shifts/coverage.ts';
import type { Decided } from './shifts/decide-along.ts';
import { decideAlong, outOfBounds, turnsOfSettings } from './shifts/decide-along.ts';
import { hourlyFitter, quickFitter } from './shifts/fitters.ts';
import type { Walked } from './shifts/walk.ts';
import { JUDGED, walk } from './shifts/walk.ts';
import { DAY_MS, DELAY_MS, HOUR_MS, MINUTE_MS, SHIFTS, SHIFT_MS, SOUND_DAYS, World } from './shifts/world.ts';

/**
 * `npm run bench:shifts -- [--only TEXT] [--seeds 8] [--days 8] [--step 5] [--model premirror|seasonal-naive] [--decide interval|cost [--threshold 0.5]]`:
 * what becomes of the interval's coverage when demand or its source shifts, hour by hour, in the worker's own forecast activity
 * over synthetic demand. With --decide also how often mirrors and settings turn, from a threshold
 * factor on.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '8' },
    days: { type: 'string', default: '8' },
    step: { type: 'string', default: '5' },
    model: { type: 'string', default: 'premirror' },
    decide: { type: 'string', default: '' },
    threshold: { type: 'string', default: String(DEFAULT_SETTINGS.thresholdFactor) },
  },
});
const { decide: policy, model } = options;
if (policy !== '' && policy !== 'interval' && policy !== 'cost')
  throw new Error(`--decide ${policy}: use interval or cost`);
if (model !== 'premirror' && model !== 'seasonal-naive')
  throw new Error(`--model ${model}: use premirror or seasonal-naive`);
const stepMs = Number(options.step) * MINUTE_MS;
const days = Number(options.days);
const from = SHIFT_MS - 2 * DAY_MS + DELAY_MS;
const shiftStep = Math.floor((SHIFT_MS - from) / stepMs);
const settings = { ...DEFAULT_SETTINGS, thresholdFactor: Number(options.threshold) };
/** Days' forecasts that are judged together: of those far ahead a single day has few that are independent. */
const ROLLING_DAYS = { 'near-term': 1, window: 1, '15 min': 1, '1 h': 2, '4 h': 4 } as const;
const FEEDBACK = { retuneEveryHours: 1, lookBackHours: 48 };
const percent = (share: number) => (Number.isNaN(share) ? '-' : (100 * share).toFixed(1));

for (const shift of SHIFTS.filter(({ name }) => name.includes(options.only))) {
  const walks: Walked[] = [];
  const decisions: Decided[] = [];
  const began = performance.now();
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    const world = new World(shift, seed, SOUND_DAYS + days + 2, stepMs, DELAY_MS);
    const fitter = model === 'premirror' ? hourlyFitter() : quickFitter();
    const walked = await walk(world, { fitter, from, to: SHIFT_MS + days * DAY_MS });
    walks.push(walked);
    if (policy !== '') decisions.push(decideAlong(world, walked, { policy, settings, ...FEEDBACK }));
  }
  for (const [i, judged] of JUDGED.entries()) {
    const within = walks.map((walked) => walked.within[i]!);
    const rollingDays = ROLLING_DAYS[judged];
    const recovery = recoveryOf(within, shiftStep, HOUR_MS / stepMs, rollingDays);
    const { before, days: daily, backAfterHours, error } = recovery;
    const back = backAfterHours === undefined ? 'not back' : `back after ${backAfterHours} h`;
    console.log(
      `${shift.name} | ${judged} | before ${percent(before)} | days ${daily.map(percent).join(' ')} | ${back}, rolling over ${rollingDays} d | ±${percent(error)}`,
    );
  }
  for (const decided of decisions) console.log(`${shift.name} | ${inWords(decided)}`);
  console.error(`${shift.name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

function inWords(decided: Decided): string {
  const { mirrors, full, moves } = decided;
  const perDay = (part: readonly number[]) => ((turnsOf(part) * DAY_MS) / (part.length * stepMs)).toFixed(0);
  const out = outOfBounds(decided);
  return [
    `mirrors turn ${perDay(mirrors.slice(0, shiftStep))} times a day before, ${perDay(mirrors.slice(shiftStep))} after`,
    `full ones ${perDay(full.slice(0, shiftStep))} and ${perDay(full.slice(shiftStep))}`,
    `${moves.length} moves, turning ${JSON.stringify(turnsOfSettings(decided))} times`,
    out.length === 0 ? 'in bounds' : `OUT OF BOUNDS: ${out.join(', ')}`,
    ...moves.map(
      ({ at, setting, from: before, to }) =>
        `${((at - SHIFT_MS) / HOUR_MS).toFixed(0)} h ${setting} ${before} to ${to}`,
    ),
  ].join('; ');
}
