/** An event in bins of a course: bin 0 is its first, bins beyond its end are ahead. */
export interface Placed {
  kind: string;
  start: number;
  /** Exclusive. */
  end: number;
  /** Announced change as a share of usual demand. */
  size: number;
}

const OPENING_PLACES = 6;
const LATER_PLACES = 12;
export const PLACES = OPENING_PLACES + LATER_PLACES;
/** Events open alike by the clock (half an hour), and go on alike by their share of the rest. */
const OPENING_MS = 1_800_000;
/** Demand counts as no less than this part of the usual. */
export const LEAST_RATIO = 0.05;

/** Where within an event a bin lies: twelfths of its first half hour, halved, then twelfths of the rest. */
export function placeOf(bin: number, { start, end }: Placed, stepMs: number): number {
  const elapsedMs = (bin - start + 0.5) * stepMs;
  const durationMs = (end - start) * stepMs;
  const openingMs = Math.min(OPENING_MS, durationMs / 2);
  if (elapsedMs < openingMs) return Math.floor((elapsedMs / openingMs) * OPENING_PLACES);
  const share = (elapsedMs - openingMs) / (durationMs - openingMs);
  return OPENING_PLACES + Math.min(LATER_PLACES - 1, Math.floor(share * LATER_PLACES));
}

/**
 * What an event did by place: sums of ln(demand / usual demand), and of how many bins. Logarithms, so that a burst beside
 * it counts little.
 */
export interface Changes {
  totals: Float64Array;
  counts: Float64Array;
}

export function noChanges(): Changes {
  return { totals: new Float64Array(PLACES), counts: new Float64Array(PLACES) };
}

/** One more bin of an event. @param ratio demand over the usual; what is not known (NaN) is left out */
export function addChange({ totals, counts }: Changes, place: number, ratio: number): void {
  if (Number.isNaN(ratio)) return;
  totals[place]! += Math.log(Math.max(LEAST_RATIO, ratio));
  counts[place]! += 1;
}

/** What a past or running event did. */
export interface Seen extends Changes {
  event: Placed;
  /** Usual size of the mean change over a window as long as the event, should it do nothing. */
  noise: number;
  /** The same of single places. */
  placeNoise: number;
}
