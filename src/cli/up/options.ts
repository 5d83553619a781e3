import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationSpec } from '../../domain/application.ts';
import { parseSpec } from '../../spec/parse.ts';
import { parseDurationMs } from '../../spec/units.ts';
import { packageRoot } from '../../temporal/package-root.ts';
import type { TwinDemand } from './twin-demand.ts';
import { scaleToInstances } from './twin-demand.ts';
import { exampleSeries } from './example-series.ts';
import { readSeries } from './recorded-series.ts';

/** Options of `premirror up`, as the command line gives them. */
export interface UpOptions {
  /** An application's specification in place of the example's, `examples/shop.yaml`. */
  spec?: string;
  /** CSV of timestamp,value (also .gz); the built-in example without it. */
  series?: string;
  /** ISO time: all before it is history. Needed with `series`. */
  testFrom?: string;
  /** How long to run in sandbox time, e.g. `100m`; until Ctrl-C or the series' end without it. */
  for?: string;
  /** Sandbox seconds per wall second. */
  speed: number;
  seed: number;
  /** Path of the JSON report. */
  report?: string;
  /** JSON lines instead of text on standard output. */
  json?: boolean;
  /** Where run directories are kept; `.premirror` without it. */
  dataDirectory?: string;
}

/** Instances that the 0.99 quantile of history fills. */
export const FILLED_INSTANCES = 20;

/** The demand that the options ask for, scaled. Throws naming option, value and remedy. */
export function demandOf(options: UpOptions, perInstance: number): TwinDemand {
  return scaleToInstances(unscaledSeries(options), FILLED_INSTANCES, perInstance);
}

function unscaledSeries({ series, testFrom, seed }: UpOptions): TwinDemand {
  if (!series) {
    if (testFrom)
      throw new Error(`--test-from '${testFrom}' needs --series FILE; the example has its own start`);
    return exampleSeries(seed);
  }
  if (!testFrom) throw new Error(`--series '${series}' needs --test-from TIME: all before it is history`);
  const testFromMs = Date.parse(testFrom);
  if (Number.isNaN(testFromMs))
    throw new Error(`--test-from '${testFrom}' is no time; use ISO 8601, e.g. 1995-08-30T09:00:00Z`);
  return readSeries(series, testFromMs);
}

/** Length of the run in sandbox ms, or undefined for "until told". Throws naming option, value and remedy. */
export function lengthMsOf(options: UpOptions): number | undefined {
  if (options.for === undefined) return undefined;
  const lengthMs = parseDurationMs(options.for);
  if (lengthMs === undefined || lengthMs <= 0)
    throw new Error(`--for '${options.for}' is no duration; use a number and a unit, e.g. 100m or 12h`);
  return lengthMs;
}

/** Refuses a speed or seed that cannot be meant. */
export function checkNumbers({ speed, seed }: UpOptions): void {
  if (!Number.isFinite(speed) || speed <= 0)
    throw new Error(`--speed ${speed}: use sandbox seconds per wall second, e.g. 20`);
  if (!Number.isInteger(seed)) throw new Error(`--seed ${seed}: use a whole number, e.g. 1`);
}

/** The specification that is run: the same file that `premirror apply` takes. */
export function specOf({ spec }: UpOptions): ApplicationSpec {
  const path = spec ?? join(packageRoot(), 'examples', 'shop.yaml');
  return parseSpec(readFileSync(path, 'utf8'), path).spec;
}
