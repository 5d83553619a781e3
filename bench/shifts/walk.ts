import { createForecastActivities } from '../../activities/forecast.ts';
import type { Fitter } from '../../models/fitter.ts';
import { quantileOf } from '../../src/domain/cost-levels.ts';
import type { FanPoint, ForecastDigest } from '../../src/domain/forecast.ts';
import { DEFAULT_SETTINGS } from '../../src/domain/settings.ts';
import { worldOf } from './decide-along.ts';
import { HOUR_MS, MINUTE_MS, type World } from './world.ts';

/** What is judged: the demand so long after a forecast's issue, the windows' maximum, and the minutes ahead. */
export const JUDGED = ['near-term', 'window', '15 min', '1 h', '4 h'] as const;
const LEADS_MS = [15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS];
/** Of the near-term leads: the one 3 minutes after the decision. */
const NEAR_LEAD = 3;

/** What a walk through a world shows. */
export interface Walked {
  /** Per thing judged and step since `from`: 1 within the interval, 0 outside, -1 where nothing was said or came. */
  within: Int8Array[];
  from: number;
  stepMs: number;
  /** What the decision was told, per step. */
  digests: ForecastDigest[];
}

export interface WalkOptions {
  fitter: Fitter;
  /** First look, and when the walk ends. */
  from: number;
  to: number;
}

/** The worker's own forecast activity, look by look, over a world. Fits are awaited, so that the same world gives the same walk. */
export async function walk(world: World, options: WalkOptions): Promise<Walked> {
  const { stepMs } = world;
  const { fitter, from, to } = options;
  const { spec, timesToServe } = worldOf(stepMs, 'cost');
  let now = from;
  let fan: FanPoint[] = [];
  let fits: Promise<unknown> = Promise.resolve();
  const { forecast } = createForecastActivities({
    demand: { read: async (_, begin, end) => world.read(begin, end, now) },
    ledger: {
      saveForecast: async (_, points) => void (fan = points),
      timesToServe: async () => timesToServe,
      loadModelState: async () => undefined,
      saveModelState: async () => undefined,
    },
    clock: { now: () => world.workerClock(now), speed: 1 },
    fitter: {
      warmUp: (...input) => fitter.warmUp(...input),
      fit: (...input) => {
        const fit = fitter.fit(...input);
        fits = fit.catch(() => undefined);
        return fit;
      },
    },
  });
  const steps = Math.round((to - from) / stepMs);
  const walked: Walked = {
    within: JUDGED.map(() => new Int8Array(steps).fill(-1)),
    from,
    stepMs,
    digests: [],
  };
  for (let step = 0; step < steps; step++, now += stepMs) {
    const digest = await forecast({ spec, settings: DEFAULT_SETTINGS });
    await fits;
    // The promises behind a fit take a few turns until the activity has it.
    await new Promise((resolve) => setImmediate(resolve));
    judge(walked, world, step, digest, fan);
    walked.digests.push(digest);
  }
  return walked;
}

function judge(walked: Walked, world: World, step: number, digest: ForecastDigest, fan: FanPoint[]): void {
  const said = (i: number, lower: number, upper: number, actual: number | undefined) => {
    if (actual !== undefined) walked.within[i]![step] = actual >= lower && actual <= upper ? 1 : 0;
  };
  const { nearTerm, asOf, issuedAt, windows } = digest;
  const near = nearTerm && issuedAt + nearTerm.timesMs[NEAR_LEAD]!;
  if (nearTerm && near! > issuedAt) {
    const [lower, upper] = [0.025, 0.975].map((level) =>
      quantileOf(nearTerm.values[NEAR_LEAD]!, nearTerm.weights, level),
    );
    said(0, lower!, upper!, world.finally(near!));
  }
  let highest: number | undefined = -Infinity;
  // A step that the window ends within belongs to it.
  for (let at = asOf + walked.stepMs; at < windows.shadow.end! + walked.stepMs; at += walked.stepMs) {
    const value = world.finally(at);
    highest = value === undefined || highest === undefined ? undefined : Math.max(highest, value);
  }
  said(1, windows.shadow.lower, windows.shadow.upper, highest);
  for (const [i, leadMs] of LEADS_MS.entries()) {
    const point = fan.find(({ at }) => at >= issuedAt + leadMs);
    if (point) said(2 + i, point.lower, point.upper, world.finally(point.at));
  }
}
