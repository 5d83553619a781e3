import type { Evaluation } from '../../models/evaluation/rolling.ts';
import { evaluate, planOf } from '../../models/evaluation/rolling.ts';
import { CONTENDERS, loadContenders } from '../../models/line-up.ts';
import { readEvents } from '../events/read-events.ts';
import { UsageError } from './errors.ts';
import { readSeriesFile } from './forecast/series-file.ts';
import { columns, type Output } from './output.ts';

export interface EvaluateOptions {
  json: boolean;
  series: string;
  events?: string;
  /** ms. */
  horizon: number;
  origins: number;
  models?: string;
}

/** `premirror evaluate`: every model on one series, walked forward over its last 30%. */
export async function runEvaluate(options: EvaluateOptions, output: Output): Promise<void> {
  if (options.origins < 1) throw new UsageError('--origins 0: write 1 or more');
  const { history, notes } = readSeriesFile(options.series);
  for (const note of notes) output.note(`${options.series}: ${note}`);
  const events = options.events === undefined ? [] : await readEvents(options.events);
  const plan = inFile(options.series, () => planOf(history, options.horizon, options.origins));
  const found: Evaluation[] = [];
  for (const contender of await load(options)) {
    output.note(`${contender.name}: ${plan.origins.length} forecasts of ${plan.steps} steps ...`);
    found.push(await evaluate(history, contender, plan, events));
  }
  const iso = (index: number) => new Date(history.startAt + (index - 1) * history.stepMs).toISOString();
  const span = { from: iso(plan.origins[0]!), to: iso(plan.origins.at(-1)!) };
  const { steps, origins } = plan;
  output.result(
    {
      series: options.series,
      stepMs: history.stepMs,
      steps,
      origins: origins.length,
      ...span,
      models: found,
    },
    `${origins.length} forecasts of ${steps} steps each, from ${span.from} to ${span.to}\n\n${tableOf(found)}`,
  );
}

function load({ models, horizon }: EvaluateOptions) {
  return loadContenders(models?.split(',') ?? CONTENDERS, horizon).catch((error: unknown) => {
    throw new UsageError(`--models ${models}: ${(error as Error).message}`, { cause: error });
  });
}

function inFile<T>(file: string, plan: () => T): T {
  try {
    return plan();
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** The best by CRPS first; what could not forecast last. */
function tableOf(found: readonly Evaluation[]): string {
  const sorted = found.toSorted((a, b) => (a.scores?.crps ?? Infinity) - (b.scores?.crps ?? Infinity));
  const cell = (value: number | undefined, digits = 3) => (value === undefined ? '-' : value.toFixed(digits));
  return columns([
    ['model', 'MASE', 'sMAPE %', 'CRPS', 'covers 95%', 'interval score', 'ms each'],
    ...sorted.map(({ model, scores, msEach, forecasts }) =>
      scores
        ? [
            model,
            cell(scores.mase),
            cell(scores.smape, 1),
            cell(scores.crps),
            cell(scores.coverage),
            cell(scores.msis, 2),
            cell(msEach, 1),
          ]
        : [model, ...Array.from({ length: 5 }, () => '-'), forecasts === 0 ? 'too little history' : '-'],
    ),
  ]);
}
