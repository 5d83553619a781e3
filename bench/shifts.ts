import { parseArgs } from 'node:util';
import { SETTINGS_BOUNDS, TUNABLE } from '../src/domain/settings.ts';
import { binomialError, recoveryOf, turnsOf } from './shifts/coverage.ts';
import { hourlyFitter, quickFitter } from './shifts/fitters.ts';
import type { Walked } from './shifts/walk.ts';
import { JUDGED, walk } from './shifts/walk.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SHIFTS, SHIFT_MS, SOUND_DAYS, World } from './shifts/world.ts';
import { DELAY_MS } from './shifts/walk.ts';

/**
 * `npm run bench:shifts -- [--only TEXT] [--seeds 3] [--days 5] [--step 5] [--model premirror|seasonal-naive] [--decide interval|cost]`:
 * what becomes of the interval's coverage when demand or its source shifts, hour by hour, in the worker's own forecast activity
 * over synthetic demand. With --decide also how often mirrors and settings turn.
 */
const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    seeds: { type: 'string', default: '3' },
    days: { type: 'string', default: '5' },
    step: { type: 'string', default: '5' },
    model: { type: 'string', default: 'premirror' },
    decide: { type: 'string', default: '' },
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
const percent = (share: number) => (Number.isNaN(share) ? '-' : (100 * share).toFixed(1));

for (const shift of SHIFTS.filter(({ name }) => name.includes(options.only))) {
  const walks: Walked[] = [];
  const began = performance.now();
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    const world = new World(shift, seed, SOUND_DAYS + days + 2, stepMs, DELAY_MS);
    const fitter = model === 'premirror' ? hourlyFitter() : quickFitter();
    walks.push(
      await walk(world, {
        fitter,
        policy: policy || 'cost',
        from,
        to: SHIFT_MS + days * DAY_MS,
        decides: policy !== '',
      }),
    );
  }
  const shiftStep = Math.floor((SHIFT_MS - from) / stepMs);
  for (const [i, judged] of JUDGED.entries()) {
    const {
      before,
      days: daily,
      backAfterHours,
      forecastsADay,
    } = recoveryOf(
      walks.map(({ within }) => within[i]!),
      shiftStep,
      HOUR_MS / stepMs,
    );
    const back = backAfterHours === undefined ? 'not back' : `back after ${backAfterHours} h`;
    const error = percent(binomialError(0.95, forecastsADay));
    console.log(
      `${shift.name} | ${judged} | before ${percent(before)} | days ${daily.map(percent).join(' ')} | ${back} | ±${error}`,
    );
  }
  if (policy !== '') console.log(`${shift.name} | ${turnsInWords(walks, shiftStep)}`);
  console.error(`${shift.name}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

function turnsInWords(walks: readonly Walked[], shiftStep: number): string {
  return walks
    .map(({ mirrors, moves, settings }) => {
      const turns = TUNABLE.map((name) => turnsOf(settings.map((each) => each[name])));
      const inBounds = settings.every((each) =>
        TUNABLE.every((name) => {
          const { least, most } = SETTINGS_BOUNDS[name];
          return each[name] >= least && each[name] <= most;
        }),
      );
      const perDay = (part: readonly number[]) =>
        ((turnsOf(part) * DAY_MS) / (part.length * stepMs)).toFixed(0);
      return (
        `mirrors turn ${perDay(mirrors.slice(0, shiftStep))} times a day before, ${perDay(mirrors.slice(shiftStep))} after; ` +
        `${moves.length} moves, turning ${turns.join('/')} times, ${inBounds ? 'in bounds' : 'OUT OF BOUNDS'}`
      );
    })
    .join('; ');
}
