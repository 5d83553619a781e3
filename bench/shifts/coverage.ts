/** Coverage as it rolls on after a shift, pooled over walks of the same shift. */

/** Wanted: 95 ± 2 percent. */
const BAND = { least: 0.93, most: 0.97 };

export interface Recovery {
  /** Share within, over all forecasts of the sound days. */
  before: number;
  /** Of each day after the shift. */
  days: number[];
  /**
   * Hours after the shift from which on the coverage of 24 hours' forecasts, rolling by an hour, lies within the band to the end;
   * undefined where it doesn't.
   */
  backAfterHours: number | undefined;
  /** Of forecasts that a day's coverage rests on; the binomial standard error is that of so many independent ones. */
  forecastsADay: number;
}

/**
 * @param walks 1, 0 or -1 per step, of equal length
 * @param shiftStep first step after the shift
 */
export function recoveryOf(walks: readonly Int8Array[], shiftStep: number, stepsPerHour: number): Recovery {
  const steps = walks[0]!.length;
  const share = (from: number, to: number) => {
    let [within, count] = [0, 0];
    for (const walk of walks)
      for (const value of walk.subarray(Math.max(0, from), to)) {
        if (value < 0) continue;
        within += value;
        count++;
      }
    return within / count;
  };
  const day = 24 * stepsPerHour;
  const days: number[] = [];
  for (let from = shiftStep; from + day <= steps; from += day) days.push(share(from, from + day));
  let backAfterHours: number | undefined;
  for (let hour = Math.floor((steps - day - shiftStep) / stepsPerHour); hour >= 0; hour--) {
    const from = shiftStep + hour * stepsPerHour;
    const covered = share(from, from + day);
    // A day without any forecast that came due says nothing.
    if (covered < BAND.least || covered > BAND.most) break;
    backAfterHours = hour;
  }
  return { before: share(0, shiftStep), days, backAfterHours, forecastsADay: walks.length * day };
}

/** Of a share measured over so many independent outcomes. */
export function binomialError(share: number, outcomes: number): number {
  return Math.sqrt((share * (1 - share)) / outcomes);
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
