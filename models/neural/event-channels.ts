import { CONTEXT, LENGTH, PER_HOUR, START } from './layout.ts';
import type { Profile } from './profile.ts';

/** An announced event in bins of the window (bin CONTEXT begins at the origin). */
export interface WindowEvent {
  start: number;
  end: number;
  kind: string;
  /** Announced factor on the usual demand; undefined where none was announced. */
  uplift?: number;
}

/** Per bin of the window; `effect` and `spread` in the demand's unit, the rest as ../training/events.py has it. */
export interface Channels {
  on: Float64Array;
  effect: Float64Array;
  spread: Float64Array;
  logSize: Float64Array;
  known: Float64Array;
  count: Float64Array;
  since: Float64Array;
  until: Float64Array;
  ahead: Float64Array;
}

/** Bins (30 min) that are compared by time since the start; the rest by share of the duration. */
const ALIGNED_START = 6;
/** Past events of a kind that are looked at. */
const LATEST = 12;
/** Hours; times since, until and to an event are clipped here. */
const FAR = 24;

/** Channels of a window without events; not to be written to. */
export const NO_EVENTS: Channels = emptyChannels();

/** Which bins lie within an event. */
export function busyBins(events: readonly WindowEvent[]): Uint8Array {
  const on = new Uint8Array(LENGTH);
  for (const event of events) on.fill(1, Math.max(0, event.start), Math.max(0, event.end));
  return on;
}

/**
 * What is known of events, and what past ones of the same kind did: the mean over the latest of
 * (value - profile) / unit per announced size, at the same place within the event, times this one's size, shrunk by
 * n / (n + 1/2). The unit is the profile's size, a tenth of `size` (mean absolute demand) at least.
 */
export function eventChannels(
  announced: readonly WindowEvent[],
  values: Float64Array,
  profile: Profile,
  size: number,
): Channels {
  const channels = emptyChannels();
  const events = announced
    .filter((event) => event.end > 0 && event.start < LENGTH && event.end > event.start)
    .sort((a, b) => a.start - b.start);
  const smallest = Math.max(0.1 * size, 1e-9);
  const unitAt = (bin: number) => Math.max(Math.abs(profile.values[bin]!), smallest);
  const ratioAt = (bin: number): number | undefined => {
    if (bin < 0 || bin >= CONTEXT || !profile.rests[bin] || Number.isNaN(values[bin])) return undefined;
    return clip((values[bin]! - profile.values[bin]!) / unitAt(bin), -20, 20);
  };
  for (const event of events) {
    const past = events
      .filter((other) => other !== event && other.kind === event.kind && other.start < CONTEXT)
      .slice(-LATEST);
    for (let bin = Math.max(event.start, START); bin < Math.min(event.end, LENGTH); bin++) {
      describe(channels, event, bin);
      compare(channels, event, bin, past, ratioAt, unitAt(bin));
    }
  }
  if (events.length > 0) lookAhead(channels.ahead, events);
  return channels;
}

function emptyChannels(): Channels {
  const blank = () => new Float64Array(LENGTH);
  return {
    on: blank(),
    effect: blank(),
    spread: blank(),
    logSize: blank(),
    known: blank(),
    count: blank(),
    since: blank(),
    until: blank(),
    ahead: blank().fill(1),
  };
}

/** What the announcement says of one bin. */
function describe(channels: Channels, event: WindowEvent, bin: number): void {
  const { uplift } = event;
  channels.on[bin] = 1;
  channels.logSize[bin] = uplift === undefined ? 0 : clip(Math.log(Math.max(uplift, 0.05)), -2, 2);
  channels.known[bin] = uplift === undefined ? 0 : 1;
  channels.since[bin] = Math.min((bin - event.start + 0.5) / PER_HOUR, FAR) / 6;
  channels.until[bin] = Math.min((event.end - bin - 0.5) / PER_HOUR, FAR) / 6;
}

/** What past events of the kind did at the same place. */
function compare(
  channels: Channels,
  event: WindowEvent,
  bin: number,
  past: readonly WindowEvent[],
  ratioAt: (bin: number) => number | undefined,
  unit: number,
): void {
  let seen = 0;
  let total = 0;
  let squares = 0;
  for (const other of past) {
    const place = align(bin - event.start, event.end - event.start, other.end - other.start);
    const ratio = ratioAt(other.start + place);
    if (ratio === undefined) continue;
    const share = clip(ratio / sizeOf(other), -5, 5);
    seen += 1;
    total += share;
    squares += share * share;
  }
  const mean = total / Math.max(seen, 1);
  const variance = Math.max(squares / Math.max(seen, 1) - mean * mean, 0);
  channels.effect[bin]! += ((mean * seen) / (seen + 0.5)) * sizeOf(event) * unit;
  channels.spread[bin] = Math.sqrt(variance) * Math.abs(sizeOf(event)) * unit;
  channels.count[bin] = Math.log1p(seen) / 2;
}

/** Days to the next start, at most one. */
function lookAhead(ahead: Float64Array, sorted: readonly WindowEvent[]): void {
  let next = sorted.length;
  for (let bin = LENGTH - 1; bin >= START; bin--) {
    while (next > 0 && sorted[next - 1]!.start >= bin) next -= 1;
    const following = sorted[next];
    ahead[bin] = following ? Math.min((following.start - bin) / PER_HOUR / FAR, 1) : 1;
  }
}

/** Announced change as a share of the usual demand; 1 where no size was announced. */
function sizeOf(event: WindowEvent): number {
  return event.uplift === undefined || Math.abs(event.uplift - 1) < 0.05 ? 1 : event.uplift - 1;
}

/** Where `elapsed` bins into an event of `duration` lie in another one of `other` bins. */
function align(elapsed: number, duration: number, other: number): number {
  if (duration <= ALIGNED_START || other <= ALIGNED_START) return Math.floor((elapsed * other) / duration);
  if (elapsed < ALIGNED_START) return elapsed;
  const rest = ((elapsed - ALIGNED_START) * (other - ALIGNED_START)) / (duration - ALIGNED_START);
  return ALIGNED_START + Math.floor(rest);
}

function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
