import type { Channels, WindowEvent } from './event-channels.ts';
import { NO_EVENTS, busyBins, eventChannels } from './event-channels.ts';
import {
  AT,
  CONTEXT,
  CONTEXT_TOKENS,
  DAY,
  HORIZON,
  HORIZON_TOKENS,
  LAG_DAYS,
  OFFSET_FADES,
  PER_HOUR,
  START,
  TOKENS,
  TOKEN_FEATURES,
} from './layout.ts';
import { isWeekend, shareOfDay, weekdayOf } from '../features/calendar.ts';
import { meanOf } from '../features/rolling.ts';
import { asinh } from './asinh.ts';
import { blankProfile, levelOf, scaleOf, writeProfile } from './profile.ts';
import { windowFeatures } from './window-features.ts';

/** What is known at an origin. */
export interface Window {
  /** CONTEXT bins of 5-minute means that end at the origin; NaN where missing. */
  values: Float64Array;
  /** Ms since the epoch. */
  originMs: number;
  /** The series' own step. */
  stepMs: number;
  /** Events announced by the origin. */
  events: readonly WindowEvent[];
}

/** What a net is given, and how its answer becomes demand: base + scale * answer. */
export interface Features {
  /** TOKENS rows of TOKEN_FEATURES. */
  tokens: Float32Array;
  window: Float32Array;
  /** Per bin of the horizon. */
  base: Float64Array;
  scale: number;
}

/** Used anew by every call, which is synchronous: allocating them took longer than filling them. */
const scratch = {
  profile: blankProfile(),
  differences: new Float64Array(CONTEXT - DAY),
  residuals: new Float64Array(CONTEXT).fill(Number.NaN),
};

/** The same arithmetic as ../training/features.py; golden vectors hold both to it. */
export function featuresOf(window: Window): Features {
  const { values, events } = window;
  const { profile, residuals } = scratch;
  const busy = busyBins(events);
  const level = levelOf(values);
  const measure = scaleOf(values, busy, scratch.differences);
  const { scale } = measure;
  writeProfile(profile, values, busy, level, events.length > 0 ? 0 : START);
  const channels = events.length > 0 ? eventChannels(events, values, profile, measure.size) : NO_EVENTS;
  const expected =
    events.length > 0 ? profile.values.map((value, bin) => value + channels.effect[bin]!) : profile.values;
  for (let bin = START; bin < CONTEXT; bin++) residuals[bin] = values[bin]! - expected[bin]!;
  const offset = meanOf(residuals, CONTEXT - 3) ?? meanOf(residuals, CONTEXT - PER_HOUR) ?? 0;

  const tokens = new Float32Array(TOKENS * TOKEN_FEATURES);
  for (let token = 0; token < TOKENS; token++) {
    const row = token * TOKEN_FEATURES;
    const from = START + token * PER_HOUR;
    if (token < CONTEXT_TOKENS) writeOwn(tokens, row, from, residuals, scale);
    writeLags(tokens, row, from, values, busy, profile.values, scale);
    for (let i = 0; i < PER_HOUR; i++) {
      tokens[row + AT.profile + i] = asinh((profile.values[from + i]! - level) / scale);
    }
    writeCalendar(tokens, row, token, window.originMs);
    tokens[row + AT.zero] = asinh(-meanOver(expected, from) / scale);
    if (events.length > 0) writeEvents(tokens, row, from, channels, scale);
    else tokens[row + AT.ahead] = channels.ahead[from]!;
  }
  const base = new Float64Array(HORIZON);
  for (let k = 0; k < HORIZON; k++) {
    base[k] = expected[CONTEXT + k]! + offset * Math.exp(-(k + 0.5) / OFFSET_FADES);
  }
  return {
    tokens,
    window: windowFeatures(values, residuals, level, offset, measure, window.stepMs),
    base,
    scale,
  };
}

/** The series at its own place against what is expected, and which of its bins are there. `row`: where the token begins. */
function writeOwn(
  tokens: Float32Array,
  row: number,
  from: number,
  residuals: Float64Array,
  scale: number,
): void {
  let present = 0;
  for (let i = 0; i < PER_HOUR; i++) {
    const residual = residuals[from + i]!;
    if (Number.isNaN(residual)) continue;
    tokens[row + AT.own + i] = asinh(residual / scale);
    present += 1;
  }
  tokens[row + AT.presence] = present / PER_HOUR;
}

/** The series at the lags against the profile here, and which of those bins are there. */
function writeLags(
  tokens: Float32Array,
  row: number,
  from: number,
  values: Float64Array,
  busy: Uint8Array,
  profile: Float64Array,
  scale: number,
): void {
  for (let lag = 0; lag < LAG_DAYS.length; lag++) {
    const back = LAG_DAYS[lag]! * DAY;
    const place = row + AT.lags + lag * PER_HOUR;
    let there = 0;
    for (let i = 0; i < PER_HOUR; i++) {
      const at = from + i - back;
      if (at < 0 || at >= CONTEXT || busy[at] || Number.isNaN(values[at])) continue;
      tokens[place + i] = asinh((values[at]! - profile[from + i]!) / scale);
      there += 1;
    }
    tokens[row + AT.presence + 1 + lag] = there / PER_HOUR;
  }
}

const HOUR_MS = 3_600_000;

function writeCalendar(tokens: Float32Array, row: number, token: number, originMs: number): void {
  const hours = token - CONTEXT_TOKENS;
  const beginMs = originMs + hours * HOUR_MS;
  const angle = 2 * Math.PI * shareOfDay(beginMs);
  const weekday = weekdayOf(beginMs);
  const week = (2 * Math.PI * weekday) / 7;
  tokens.set(
    [
      Math.sin(angle),
      Math.cos(angle),
      Math.sin(2 * angle),
      Math.cos(2 * angle),
      Math.sin(week),
      Math.cos(week),
      isWeekend(weekday) ? 1 : 0,
      hours / HORIZON_TOKENS,
      hours >= 0 ? 1 : 0,
    ],
    row + AT.calendar,
  );
}

function writeEvents(
  tokens: Float32Array,
  row: number,
  from: number,
  channels: Channels,
  scale: number,
): void {
  let any = 0;
  let spread = 0;
  for (let i = 0; i < PER_HOUR; i++) {
    tokens[row + AT.on + i] = channels.on[from + i]!;
    tokens[row + AT.effect + i] = asinh(channels.effect[from + i]! / scale);
    spread += asinh(channels.spread[from + i]! / scale) / PER_HOUR;
    any = Math.max(any, channels.on[from + i]!);
  }
  tokens.set(
    [
      spread,
      meanOver(channels.logSize, from),
      meanOver(channels.known, from),
      meanOver(channels.count, from),
      meanOver(channels.since, from),
      meanOver(channels.until, from),
      channels.ahead[from]!,
      any,
    ],
    row + AT.event,
  );
}

/** Mean over the token that begins at bin `from`. */
function meanOver(bins: Float64Array, from: number): number {
  let total = 0;
  for (let i = from; i < from + PER_HOUR; i++) total += bins[i]!;
  return total / PER_HOUR;
}
