import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readEvents } from '../events/read-events.ts';
import { commandConfig } from './context.ts';
import { UsageError } from './errors.ts';
import { forecastOf, pictureOfRunning } from './forecast/forecast-application.ts';
import { forecastSeries, pictureOf } from './forecast/forecast-series.ts';
import type { Picture } from './forecast/picture.ts';
import { readSeriesFile } from './forecast/series-file.ts';
import { drawAsSvg } from './forecast/svg-fan.ts';
import { drawInText } from './forecast/terminal-fan.ts';
import type { Output } from './output.ts';

export interface ForecastOptions {
  json: boolean;
  config?: string;
  series?: string;
  events?: string;
  /** ms. */
  horizon: number;
  svg?: string;
}

const WIDEST = 120;

/** `premirror forecast`: of a series in a file, or of a running application as its worker sees it. */
export async function runForecast(
  application: string | undefined,
  options: ForecastOptions,
  output: Output,
): Promise<void> {
  if ((application === undefined) === (options.series === undefined)) {
    throw new UsageError('name one application that runs, or give --series FILE');
  }
  if (options.events !== undefined && options.series === undefined) {
    throw new UsageError(
      `--events ${options.events} belongs to --series; a running application knows its own events`,
    );
  }
  const { picture, result } = options.series
    ? await ofSeries(options.series, options, output)
    : await ofApplication(application!, options);
  if (options.svg !== undefined) {
    writePicture(options.svg, picture);
    output.note(`the picture is in ${options.svg}`);
  }
  output.result(result, drawInText(picture, Math.min(WIDEST, process.stdout.columns ?? 100)));
}

async function ofSeries(file: string, { events, horizon }: ForecastOptions, output: Output) {
  const { history, notes } = readSeriesFile(file);
  for (const note of notes) output.note(`${file}: ${note}`);
  const announced = events === undefined ? [] : await readEvents(events);
  const result = await forecastSeries(history, announced, horizon);
  const title = `${basename(file)}: forecast of ${result.asOf.slice(0, 16)}Z by ${result.model}, 95% interval`;
  return { result, picture: pictureOf(title, history, result) };
}

async function ofApplication(application: string, { config, horizon }: ForecastOptions) {
  const result = await forecastOf(commandConfig(config), application);
  const { asOf, model, nominalCoverage, quality } = result.digest;
  const title =
    `${application}: forecast of ${new Date(asOf).toISOString().slice(0, 16)}Z by ${model}, ` +
    `${Number((100 * nominalCoverage).toFixed(1))}% interval, ${quality}`;
  return { result, picture: pictureOfRunning(title, result, asOf + horizon) };
}

function writePicture(path: string, picture: Picture): void {
  try {
    writeFileSync(path, drawAsSvg(picture));
  } catch (error) {
    throw new UsageError(`--svg ${path} cannot be written: ${(error as Error).message}`, { cause: error });
  }
}
