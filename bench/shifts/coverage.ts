/** Coverage as it rolls on after a shift, pooled over walks of the same shift. */

/** Wanted: 95 ± 2 percent. */
const BAND = { least: 0.93, most: 0.97 };

export interface Recovery {
  /** Share within, over all forecasts of the sound days. */
  before: number;
  /** Of each day after the shift. */
  days: number[];
  /**
   * Hours after the shift from which on the coverage of so many days' forecasts, rolling by an hour, lies within the band to the
   * end; undefined where it doesn't.
   */
  backAfterHours: number | undefined;
  /** Standard error of what rolls, by how the walks differ in it at the end: forecasts of one walk are far from independent. */
  error: number;
}

/**
 * @param walks 1, 0 or -1 per step, of equal length
 * @param shiftStep first step after the shift
 * @param rollingDays length of what rolls: the further ahead, the fewer outcomes of a day are independent
 */
export function recoveryOf(
  walks: readonly Int8Array[],
  shiftStep: number,
  stepsPerHour: number,
  rollingDays = 1,
): Recovery {
  const steps = walks[0]!.length;
  const share = (from: number, to: number) => shareOf(walks, from, to);
  const day = 24 * stepsPerHour;
  const days: number[] = [];
  for (let from = shiftStep; from + day <= steps; from += day) days.push(share(from, from + day));
  const rolling = rollingDays * day;
  let backAfterHours: number | undefined;
  for (let hour = Math.floor((steps - rolling - shiftStep) / stepsPerHour); hour >= 0; hour--) {
    const from = shiftStep + hour * stepsPerHour;
    const covered = share(from, from + rolling);
    // A stretch without any forecast that came due says nothing.
    if (covered < BAND.least || covered > BAND.most) break;
    backAfterHours = hour;
  }
  const error = standardError(walks.map((walk) => shareOf([walk], steps - rolling, steps)));
  return { before: share(0, shiftStep), days, backAfterHours, error };
}

/** Of those that were said and came due, the share that lay within. */
function shareOf(walks: readonly Int8Array[], from: number, to: number): number {
  let [within, count] = [0, 0];
  for (const walk of walks)
    for (const value of walk.subarray(Math.max(0, from), to)) {
      if (value < 0) continue;
      within += value;
      count++;
    }
  return within / count;
}

/** Of the mean of so many. */
function standardError(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length * (values.length - 1)));
}

/** How often a course turns from rising to falling or back. */
export function turnsOf(values: readonly number[]): number {
  let [turns, way] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    const next = Math.sign(values[i]! - values[i - 1]!);
    if (next !== 0 && way !== 0 && next !== way) turns++;
    if (next !== 0) way = next;
  }
  return turns;
}
