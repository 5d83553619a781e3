import type { FanPoint, ForecastDigest } from '../../domain/forecast.ts';
import type { Config } from '../../config/config.ts';
import { UsageError } from '../errors.ts';
import type { Picture } from './picture.ts';

/** The newest forecast of a running application, as its worker tells it. */
export interface RunningForecast {
  digest: ForecastDigest;
  fan: FanPoint[];
}

const ANSWER_WITHIN_MS = 5_000;

/** Asks the worker's API. Throws saying what to do where it does not answer or knows no such forecast. */
export async function forecastOf({ api }: Config, application: string): Promise<RunningForecast> {
  const base = `http://${api.host}:${api.port}`;
  const read = async (what: string): Promise<unknown> => {
    const path = `${base}/applications/${encodeURIComponent(application)}/${what}`;
    const answer = await fetch(path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(
      (cause: unknown) => {
        throw new Error(
          `no worker answers at ${base}: start one with premirror up, name its configuration with --config, or give --series`,
          { cause },
        );
      },
    );
    const body = (await answer.json()) as { error?: string };
    if (!answer.ok) throw new Error(body.error ?? `${path} answers ${answer.status}`);
    return body;
  };
  const digest = (await read('forecast')) as ForecastDigest;
  const fan = (await read('fan')) as FanPoint[];
  if (fan.length === 0)
    throw new UsageError(`${application}: its newest forecast has no steps yet; try again in a minute`);
  return { digest, fan };
}

export function pictureOfRunning(title: string, { digest, fan }: RunningForecast, untilMs: number): Picture {
  const shown = fan.filter(({ at }) => at <= untilMs);
  return {
    title,
    past: [{ at: digest.asOf, value: digest.observed }],
    median: shown.map(({ at, median }) => ({ at, value: median })),
    bands: [
      {
        claim: digest.nominalCoverage,
        lower: shown.map(({ lower }) => lower),
        upper: shown.map(({ upper }) => upper),
      },
    ],
  };
}
