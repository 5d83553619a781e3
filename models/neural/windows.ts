import type { AnnouncedEvent } from '../../src/domain/event.ts';
import type { History } from '../forecaster.ts';
import { endOf } from '../forecaster.ts';
import type { WindowEvent } from './event-channels.ts';
import type { Window } from './features.ts';
import { BIN_MS, CONTEXT, LENGTH } from './layout.ts';

const LONGEST_STEP_MS = 3_600_000;

export type { AnnouncedEvent };

/**
 * What a net sees of a history: its last 16 days in 5-minute bins that end with it, finer steps averaged, coarser ones
 * repeated; and the events announced by then. Throws on a step beyond an hour and on a history without a sample.
 */
export function windowOf(history: History, events: readonly AnnouncedEvent[] = []): Window {
  if (!(history.stepMs > 0) || history.stepMs > LONGEST_STEP_MS) {
    throw new Error(
      `neural: step of ${history.stepMs} ms; steps up to an hour are served, so resample coarser series or leave them to another model`,
    );
  }
  const values = history.stepMs < BIN_MS ? averaged(history) : repeated(history);
  if (values.every(Number.isNaN)) {
    throw new Error('neural: no sample in the last 16 days of the history; wait for the first');
  }
  const originMs = endOf(history);
  return {
    values,
    originMs,
    stepMs: history.stepMs,
    events: events.filter((event) => event.announced <= originMs).flatMap((event) => placed(event, originMs)),
  };
}

/** Means of the steps that end within each bin. */
function averaged(history: History): Float64Array {
  const totals = new Float64Array(CONTEXT);
  const counts = new Uint32Array(CONTEXT);
  const newest = history.values.length - 1;
  for (let back = 0; back <= newest; back++) {
    const bin = CONTEXT - 1 - Math.floor((back * history.stepMs) / BIN_MS);
    if (bin < 0) break;
    const value = history.values[newest - back]!;
    if (!Number.isFinite(value)) continue;
    totals[bin]! += value;
    counts[bin]! += 1;
  }
  for (let bin = 0; bin < CONTEXT; bin++) totals[bin]! /= counts[bin]! > 0 ? counts[bin]! : Number.NaN;
  return totals;
}

/** For each bin the step that holds its middle. */
function repeated(history: History): Float64Array {
  const newest = history.values.length - 1;
  const binsPerStep = history.stepMs / BIN_MS;
  const values = new Float64Array(CONTEXT).fill(Number.NaN);
  for (let bin = CONTEXT - 1; bin >= 0; bin--) {
    const step = newest - Math.floor((CONTEXT - bin - 0.5) / binsPerStep);
    if (step < 0) break;
    const value = history.values[step]!;
    if (Number.isFinite(value)) values[bin] = value;
  }
  return values;
}

/** The event in bins, outwards; none where it lies outside of the window. */
function placed(event: AnnouncedEvent, originMs: number): WindowEvent[] {
  const start = CONTEXT + Math.floor((event.start - originMs) / BIN_MS);
  const end = CONTEXT + Math.ceil((event.end - originMs) / BIN_MS);
  if (end <= 0 || start >= LENGTH || end <= start) return [];
  const known = event.expectedUplift !== undefined && event.expectedUplift > 0;
  return [{ start, end, kind: event.kind, ...(known ? { uplift: event.expectedUplift } : {}) }];
}
