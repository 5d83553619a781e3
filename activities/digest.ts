import type { PipelineOutput } from '../models/pipeline.ts';
import type { ApplicationSpec } from '../src/domain/application.ts';
import type { ForecastDigest, NearTermOutlook } from '../src/domain/forecast.ts';
import type { Settings } from '../src/domain/plan.ts';
import type { TimesToServe } from '../src/domain/tier.ts';

const HOUR_MS = 3_600_000;

/** Read at first, and kept in memory from then on (160 KB an application at a step of a minute). */
export const HISTORY_MS = 14 * 24 * HOUR_MS;
export const HORIZON_MS = 24 * HOUR_MS;
/** A path outlives its refit, should the next ones fail. */
export const PATH_MS = HORIZON_MS + 4 * HOUR_MS;

/** Windows start at `asOf`: what is past but unobserved belongs to them. */
export function windowsOf(times: TimesToServe, settings: Settings, unobservedMs: number): number[] {
  return [times.warmMs, times.shadowMs, times.coldMs].map((ms) => unobservedMs + ms + settings.nearLookMs);
}

/** What of a forecast the decision needs. */
export function digestOf(
  spec: ApplicationSpec,
  asOf: number,
  issuedAt: number,
  output: PipelineOutput,
  nearTerm: NearTermOutlook | undefined,
): ForecastDigest {
  const [full, warm, shadow] = output.windows;
  return {
    application: spec.application,
    asOf,
    issuedAt,
    model: output.model,
    quality: output.quality,
    nominalCoverage: spec.mirrors.interval,
    observed: output.observed,
    windows: { full: full!, warm: warm!, shadow: shadow! },
    ...(output.expected ? { expected: output.expected } : {}),
    sustained: output.sustained,
    peak: output.peak,
    ...(nearTerm ? { nearTerm } : {}),
    fan: `${spec.application}@${asOf}`,
  };
}
