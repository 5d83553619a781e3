import { InvalidArgumentError, type Command } from 'commander';
import { DURATION_REMEDY, parseDurationMs } from '../spec/units.ts';
import { examples, verb, wholeNumber, withJson } from './declare.ts';
import type { EvaluateOptions } from './evaluate.ts';
import type { ForecastOptions } from './forecast.ts';
import { createOutput, type Streams } from './output.ts';

/** The verbs that look ahead. What they need (the nets, for one) is loaded when one of them runs. */
export function addForecastVerbs(program: Command, streams: Streams): void {
  verb(program, 'forecast [application]', 'draw what demand is expected, with its interval')
    .option('--series <file>', 'CSV of timestamp,value (also .gz) in place of a running application')
    .option('--events <file>', 'announced events, CSV or YAML (with --series)')
    .option('--horizon <duration>', 'how far ahead, 24h at most', duration, 24 * 3_600_000)
    .option('--svg <file>', 'write the picture as SVG too')
    .addHelpText(
      'after',
      examples(
        'premirror forecast shop',
        'premirror forecast --series demand.csv --horizon 6h --svg fan.svg',
      ),
    )
    .action(async (application: string | undefined, options: ForecastOptions) => {
      const { runForecast } = await import('./forecast.ts');
      await runForecast(application, options, createOutput(options.json, streams));
    });

  withJson(program.command('evaluate'))
    .description('compare all models on the last 30% of a series, each forecast knowing its past alone')
    .requiredOption('--series <file>', 'CSV of timestamp,value (also .gz)')
    .option('--events <file>', 'announced events, CSV or YAML')
    .option(
      '--horizon <duration>',
      'how far ahead each forecast is scored, 24h at most',
      duration,
      24 * 3_600_000,
    )
    .option('--origins <n>', 'forecasts per model at most', wholeNumber, 20)
    .option('--models <names>', 'some of them, with commas')
    .addHelpText(
      'after',
      examples(
        'premirror evaluate --series demand.csv',
        'premirror evaluate --series demand.csv --horizon 1h --models premirror,seasonal-naive --json',
      ),
    )
    .action(async (options: EvaluateOptions) => {
      const { runEvaluate } = await import('./evaluate.ts');
      await runEvaluate(options, createOutput(options.json, streams));
    });
}

function duration(text: string): number {
  const ms = parseDurationMs(text);
  if (!ms) throw new InvalidArgumentError(`${DURATION_REMEDY}.`);
  if (ms > 24 * 3_600_000) throw new InvalidArgumentError('forecasts reach 24h; write that or less.');
  return ms;
}
