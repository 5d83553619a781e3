import { NearTerm } from '../../activities/near-term.ts';
import type { TwinDemand } from '../../src/cli/up/twin-demand.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { ExpectedEvent } from '../../src/domain/event.ts';
import type { ForecastDigest } from '../../src/domain/forecast.ts';
import { forecast, MINUTE_MS } from './decide-inputs.ts';

/** Samples of the example's demand that are known at `now`. */
export function knownAt({ history, live }: TwinDemand, { demand }: ApplicationSpec, now: number) {
  return [...history, ...live].filter(({ at }) => at <= now - demand.observationDelayMs);
}

/** The forecast made at `now` by the demand up to then, with the outlook of the real near-term forecaster. */
export async function exampleForecast(
  series: TwinDemand,
  spec: ApplicationSpec,
  events: readonly ExpectedEvent[],
  now: number,
): Promise<ForecastDigest> {
  const samples = knownAt(series, spec, now);
  const nearTerm = new NearTerm(spec);
  const values = Float64Array.from(samples, ({ value }) => value);
  await nearTerm.learn({ startAt: samples[0]!.at, stepMs: MINUTE_MS, values }, events);
  const { at: asOf, value: observed } = samples.at(-1)!;
  return forecast({ asOf, issuedAt: now, observed, nearTerm: nearTerm.outlook(now)! });
}
