import { clockTime, dayTime } from './clock-time.ts';

/** Something outside that the minutes ahead count with, and what it is expected to do. Plain data, part of the reasons. */
export interface CountedEvent {
  name: string;
  kind: string;
  /** ms since the epoch. */
  start: number;
  end: number;
  /** Of a burst of talk, where it was heard; absent for what was announced. */
  source?: string;
  /** Factor on the usual demand, should demand follow, and the probability that it does, 0..1. */
  uplift: number;
  probability: number;
}

/** A digest lives in the workflow's history: more would be no reason that anybody reads. */
const MOST_TOLD = 5;
const DAY_MS = 86_400_000;

/** Those that matter most, by the expected change of demand. */
export function mostTelling(events: readonly CountedEvent[]): CountedEvent[] {
  const change = ({ uplift, probability }: CountedEvent) => probability * Math.abs(Math.log(uplift));
  return [...events].sort((a, b) => change(b) - change(a)).slice(0, MOST_TOLD);
}

/**
 * "news at 12:03: more is said than usual, by 6 deviations; demand believed x1.8 with probability 0.4", or
 * "Summer sale (campaign), 12:00 to 14:00; demand expected x1.8 with probability 0.7". Times in UTC.
 */
export function eventInWords({ name, kind, start, end, source, uplift, probability }: CountedEvent): string {
  const effect = `x${brief(uplift)} with probability ${brief(probability)}`;
  if (source !== undefined) return `${source} at ${clockTime(start)}: ${name}; demand believed ${effect}`;
  const time = end - start < DAY_MS ? clockTime : dayTime;
  return `${name} (${kind}), ${time(start)} to ${time(end)}; demand expected ${effect}`;
}

function brief(value: number): string {
  return String(Number(value.toPrecision(2)));
}
