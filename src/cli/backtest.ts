import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createFitter } from '../../models/fitter.ts';
import { loadInstalledPremirror } from '../../models/premirror-fit.ts';
import type { Row } from '../backtest/compare.ts';
import type { WorldModel } from '../backtest/model.ts';
import { DEFAULT_MODEL, STEP_MS } from '../backtest/model.ts';
import { ABOUT, runBacktest } from '../backtest/run-backtest.ts';
import type { Trial } from '../backtest/series.ts';
import { minutesOf, trialOf } from '../backtest/series.ts';
import { stepsCsv } from '../backtest/steps-csv.ts';
import { renderTable } from '../backtest/table.ts';
import type { ApplicationSpec } from '../domain/application.ts';
import { dateAndTime } from '../domain/clock-time.ts';
import { reportPage } from './backtest/report.ts';
import { UsageError } from './errors.ts';
import { readSeriesFile } from './forecast/series-file.ts';
import type { Output } from './output.ts';
import { readSpec } from './validate.ts';

export interface BacktestCommandOptions {
  json: boolean;
  series: string;
  spec?: string;
  testFrom?: string;
  perInstance?: number;
  violationCost?: number;
  out?: string;
}

/** `premirror backtest`: what the product and its rivals would have done on recorded demand, and what it would have cost. */
export async function runBacktestCommand(options: BacktestCommandOptions, output: Output): Promise<void> {
  const spec = options.spec === undefined ? undefined : readSpec(options.spec).spec;
  const model = modelOf(options, spec);
  const { trial, startMs } = readTrial(options, spec, output);
  const { demand, split, perInstance } = trial;
  const judgedFromMs = startMs + split * STEP_MS;
  const days = (demand.length - split) / 1440;
  const about =
    `${basename(options.series)}: ${days.toFixed(1)} days judged, from ${dateAndTime(judgedFromMs)} on, after ` +
    `${(split / 1440).toFixed(1)} days for training; one instance carries ${Number(perInstance.toPrecision(3))}; ` +
    `an instance-hour of demand that nobody serves costs ${model.violationCost} hours of an instance`;
  const rows = await runBacktest(trial, startMs, model, {
    fitter: createFitter(loadInstalledPremirror),
    progress: (what) => output.note(`  ${what}`),
  });
  if (options.out !== undefined) writeAll(options.out, rows, trial, judgedFromMs, model, about);
  const results = rows.map(({ name, settings, score, regret, mirrorRuns, falseAlarms }) => ({
    name,
    settings,
    ...score,
    regret,
    ...(mirrorRuns === undefined ? {} : { mirrorRuns, falseAlarms }),
  }));
  const written =
    options.out === undefined ? '' : `\n\n${join(options.out, 'report.html')} shows it in pictures`;
  output.result(
    {
      series: options.series,
      judgedFrom: new Date(judgedFromMs).toISOString(),
      days,
      perInstance,
      model,
      rows: results,
    },
    `${about}\n\n${renderTable(rows)}\n\n${legend(rows)}${written}`,
  );
}

function legend(rows: readonly Row[]): string {
  const shown = ABOUT.filter(({ name }) => rows.some((row) => row.name === name));
  return [
    '~ utilisation targets above 0.9 allowed. Settings are the cheapest on the training part.',
    ...shown.map(({ name, about }) => `${name}: ${about}`),
  ].join('\n');
}

/** The default world, with the specification's violation cost and delay, in hours of a full instance. */
function modelOf({ violationCost }: BacktestCommandOptions, spec: ApplicationSpec | undefined): WorldModel {
  if (violationCost === 0) throw new UsageError('--violation-cost 0: give a number above 0, e.g. 20');
  return {
    ...DEFAULT_MODEL,
    ...(spec
      ? { violationCost: spec.objectives.violationCost, observationDelayMs: spec.demand.observationDelayMs }
      : {}),
    ...(violationCost === undefined ? {} : { violationCost }),
  };
}

function readTrial(
  { series, testFrom, perInstance }: BacktestCommandOptions,
  spec: ApplicationSpec | undefined,
  output: Output,
): { trial: Trial; startMs: number } {
  const { history, notes } = readSeriesFile(series);
  for (const note of notes) output.note(`${series}: ${note}`);
  const testFromMs = testFrom === undefined ? undefined : Date.parse(testFrom);
  if (Number.isNaN(testFromMs))
    throw new UsageError(`--test-from ${testFrom} is no time: write ISO 8601, e.g. 2026-07-01T04:00:00Z`);
  if (perInstance === 0)
    throw new UsageError('--per-instance 0: give the demand that one instance carries, above 0');
  try {
    const recorded = minutesOf(history);
    const carried = perInstance ?? spec?.demand.perInstance;
    const trial = trialOf(recorded, {
      ...(testFromMs === undefined ? {} : { testFromMs }),
      ...(carried === undefined ? {} : { perInstance: carried }),
    });
    return { trial, startMs: recorded.startMs };
  } catch (error) {
    throw new UsageError(`${series}: ${(error as Error).message}`, { cause: error });
  }
}

function writeAll(
  folder: string,
  rows: readonly Row[],
  { demand, split, perInstance }: Trial,
  judgedFromMs: number,
  model: WorldModel,
  about: string,
): void {
  const judged = demand.subarray(split);
  try {
    mkdirSync(folder, { recursive: true });
    for (const row of rows)
      writeFileSync(
        join(folder, `${fileName(row.name)}.csv`),
        stepsCsv(row, judged, perInstance, judgedFromMs, model),
      );
    writeFileSync(
      join(folder, 'report.html'),
      reportPage({ about, rows, demand: judged, fromMs: judgedFromMs, model }),
    );
  } catch (error) {
    throw new UsageError(`--out ${folder} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}

/** `mig defaults` as mig-defaults, `hpa ~` as hpa-any-target. */
function fileName(name: string): string {
  return name.replace(' ~', '-any-target').replace(/[^a-z0-9]+/g, '-');
}
