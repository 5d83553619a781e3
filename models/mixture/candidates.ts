import { isWeekend } from '../features/calendar.ts';

/**
 * Point forecasts without a parameter to train: seasonal profiles (the same time of day on chosen past days), each moved
 * to the present level in several ways, and plain levels. Which of them to believe is for the mixture to find out.
 */

/** History on a grid without gaps, and where its days lie. */
export interface Known {
  values: Float64Array;
  /** Bins a day. */
  perDay: number;
  /** Weekday (0: Sunday) of a bin. */
  weekdayOf(bin: number): number;
}

interface Profile {
  /** Days back, the most recent first; for a target on a weekend or a working day where the profile minds. */
  daysBack(known: Known, target: number): readonly number[];
  /** Further back by multiples of so many days where a day is not over yet. */
  unit: number;
  /** Weight of each further day against the one before. */
  fading: number;
  /** History it needs, days. */
  needs: number;
}

const lastDays = (count: number, fading = 1): Profile => {
  const days = Array.from({ length: count }, (_, i) => i + 1);
  return { daysBack: () => days, unit: 1, fading, needs: count };
};
const lastWeeks = (count: number): Profile => {
  const days = Array.from({ length: count }, (_, i) => 7 * (i + 1));
  return { daysBack: () => days, unit: 7, fading: 1, needs: 7 * count };
};
/** The last days of the same kind: working day or weekend. */
const likeDays = (count: number): Profile => {
  const byWeekday = Array.from({ length: 7 }, (_, weekday) => {
    const back = Array.from({ length: 14 }, (__, i) => i + 1);
    return back.filter((d) => isWeekend((weekday + 14 - d) % 7) === isWeekend(weekday)).slice(0, count);
  });
  return {
    daysBack: (known, target) => byWeekday[known.weekdayOf(target)]!,
    unit: 1,
    fading: 1,
    needs: 7,
  };
};
const PROFILES: readonly Profile[] = [
  ...[1, 2, 3, 5, 7, 14].map((count) => lastDays(count)),
  lastDays(4, 0.5),
  ...[1, 2, 3].map(lastWeeks),
  likeDays(2),
  likeDays(5),
];
/** Ways to move a profile to the present level. */
const MOVES = 13;
/** Levels: means of the newest bins, hours; 0 is the newest bin alone. */
const LEVEL_HOURS = [0, 0.25, 1, 3, 12, 24];

/** Profiles that a history of `bins` carries. */
export function profilesFor(known: Known, bins: number): readonly Profile[] {
  return PROFILES.filter(({ needs }) => bins >= needs * known.perDay);
}

export function candidateCount(profiles: readonly Profile[]): number {
  return LEVEL_HOURS.length + profiles.length * MOVES;
}

/** Forecasts made at bin `origin` for the `leads` (0: that bin): a row of leads per candidate. */
export function candidatesAt(
  known: Known,
  origin: number,
  leads: readonly number[],
  profiles: readonly Profile[],
): Float64Array {
  const { values, perDay } = known;
  const hour = perDay / 24;
  const rows = new Float64Array(candidateCount(profiles) * leads.length);
  let row = 0;
  for (const hours of LEVEL_HOURS) {
    const bins = Math.max(1, Math.round(hours * hour));
    rows.fill(meanOf(values, origin - bins, origin, 1), row * leads.length, (row + 1) * leads.length);
    row += 1;
  }
  const leadHours = leads.map((lead) => (lead + 0.5) / hour);
  for (const profile of profiles) {
    const course = leads.map((lead) => valueOf(known, profile, origin, origin + lead));
    writeMoves(rows, row, course, leadHours, presentOf(known, profile, origin));
    row += MOVES;
  }
  return rows;
}

/** How the present runs against a profile: differences and ratios over the newest bins. */
interface Present {
  bin: number;
  quarter: number;
  hour: number;
  day: number;
  hourRatio: number;
  dayRatio: number;
}

function presentOf(known: Known, profile: Profile, origin: number): Present {
  const { values, perDay } = known;
  const hour = perDay / 24;
  const over = (bins: number, every: number) => {
    let own = 0;
    let usual = 0;
    let count = 0;
    for (let bin = origin - every; bin >= Math.max(0, origin - bins); bin -= every) {
      const expected = valueOf(known, profile, bin, bin);
      if (Number.isNaN(expected)) break;
      own += every > 1 ? meanOf(values, bin, bin + every, 1) : values[bin]!;
      usual += every > 1 ? smoothOf(known, profile, bin, every) : expected;
      count += 1;
    }
    return { difference: count > 0 ? (own - usual) / count : 0, ratio: usual > 0 ? clip(own / usual) : 1 };
  };
  const lastHour = over(Math.max(1, Math.round(hour)), 1);
  const lastDay = over(perDay, Math.max(1, Math.round(hour / 2)));
  return {
    bin: over(1, 1).difference,
    quarter: over(Math.max(1, Math.round(hour / 4)), 1).difference,
    hour: lastHour.difference,
    day: lastDay.difference,
    hourRatio: lastHour.ratio,
    dayRatio: lastDay.ratio,
  };
}

function clip(ratio: number): number {
  return Math.min(5, Math.max(0.2, ratio));
}

function smoothOf(known: Known, profile: Profile, from: number, bins: number): number {
  let total = 0;
  const every = Math.max(1, Math.floor(bins / 3));
  let count = 0;
  for (let bin = from; bin < from + bins; bin += every) {
    total += valueOf(known, profile, from, bin);
    count += 1;
  }
  return total / count;
}

/** The profile at `target` from what is known before `origin`; NaN where no day reaches. */
function valueOf(known: Known, profile: Profile, origin: number, target: number): number {
  const { values, perDay } = known;
  const { unit, fading } = profile;
  const further = target < origin ? 0 : Math.floor((target - origin) / (unit * perDay)) * unit;
  let total = 0;
  let weights = 0;
  let weight = 1;
  for (const days of profile.daysBack(known, target)) {
    const at = target - (days + further) * perDay;
    if (at < 0) break;
    total += weight * values[at]!;
    weights += weight;
    weight *= fading;
  }
  return weights > 0 ? total / weights : Number.NaN;
}

function writeMoves(
  rows: Float64Array,
  first: number,
  course: readonly number[],
  leadHours: readonly number[],
  now: Present,
): void {
  const width = course.length;
  for (let i = 0; i < width; i++) {
    const usual = course[i]!;
    const hours = leadHours[i]!;
    const fade = (tau: number) => Math.exp(-hours / tau);
    const drift = now.day * (1 - fade(24));
    const moved = [
      usual,
      usual + now.day,
      usual * now.dayRatio,
      usual + now.quarter,
      usual + now.hour,
      usual + now.bin * fade(0.3) + now.hour * (1 - fade(0.3)) * fade(6),
      usual + now.bin * fade(1) + drift,
      usual + now.quarter * fade(3) + drift,
      usual + now.quarter * fade(8) + drift,
      usual + now.hour * fade(8) + drift,
      usual + now.hour * fade(24) + drift,
      usual * (1 + (now.hourRatio - 1) * fade(3)),
      usual * (1 + (now.hourRatio - 1) * fade(12)),
    ];
    for (let move = 0; move < MOVES; move++) rows[(first + move) * width + i] = moved[move]!;
  }
}

/** Mean of values[from..to), every `every`-th. */
function meanOf(values: Float64Array, from: number, to: number, every: number): number {
  let total = 0;
  let count = 0;
  for (let i = Math.max(0, from); i < to; i += every) {
    total += values[i]!;
    count += 1;
  }
  return count > 0 ? total / count : 0;
}
