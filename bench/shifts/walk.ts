import { createForecastActivities } from '../../activities/forecast.ts';
import { LivedPast } from '../../activities/past/lived-past.ts';
import type { Fitter } from '../../models/fitter.ts';
import { RollingReplay } from '../../src/backtest/rolling-replay.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import { quantileOf } from '../../src/domain/cost-levels.ts';
import type { FanPoint, ForecastDigest } from '../../src/domain/forecast.ts';
import type { Settings } from '../../src/domain/plan.ts';
import { proposeSettings } from '../../src/domain/propose-settings.ts';
import type { ReplayWorld } from '../../src/domain/replay.ts';
import { DEFAULT_SETTINGS, SETTINGS_BOUNDS } from '../../src/domain/settings.ts';
import { HOUR_MS, MINUTE_MS, type World } from './world.ts';

/** What is judged: the demand so long after a forecast's issue, the windows' maximum, and the minutes ahead. */
export const JUDGED = ['near-term', 'window', '15 min', '1 h', '4 h'] as const;
const LEADS_MS = [15 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS];
const RETUNE_HOURS = 48;
/** Of the near-term leads: the one 3 minutes after the decision. */
const NEAR_LEAD = 3;

/** What a walk through a world shows. */
export interface Walked {
  /** Per thing judged and step since `from`: 1 within the interval, 0 outside, -1 where nothing was said or came. */
  within: Int8Array[];
  from: number;
  stepMs: number;
  /** In force over time, oldest first. */
  settings: Settings[];
  moves: { at: number; setting: string; from: number; to: number }[];
  /** Instances wanted at mirrors (all tiers), per step. */
  mirrors: number[];
  /** Median of the longest window's maximum, per step. */
  medians: number[];
}

export const DELAY_MS = 4 * MINUTE_MS;

export function worldSpec(stepMs: number, policy: ApplicationSpec['mirrors']['policy']): ReplayWorld {
  const spec: ApplicationSpec = {
    application: 'shop',
    labels: {},
    mode: 'auto',
    primary: { project: 'p', zone: 'a', instanceGroup: 'shop' },
    demand: { metric: 'm', filter: '', stepMs, observationDelayMs: DELAY_MS, perInstance: 50 },
    objectives: { availability: 0.999, latencyMs: 300, violationCost: 20 },
    mirrors: {
      zones: ['b'],
      policy,
      interval: 0.95,
      limits: { instances: 40, spendPerHour: { amount: 12, currency: 'USD' } },
    },
    routing: { kind: 'loadBalancer', backendService: 'shop' },
    state: 'none',
  };
  return {
    spec,
    prices: { full: 0.134, warm: 0.0047, shadow: 0.001, currency: 'USD', source: 'bench' },
    timesToServe: { warmMs: 30_000, shadowMs: 90_000, coldMs: 150_000 },
    primary: { minimum: 2, maximum: 8, utilizationTarget: 0.8 },
  };
}

export interface WalkOptions {
  fitter: Fitter;
  policy: ApplicationSpec['mirrors']['policy'];
  /** First look, and when the walk ends. */
  from: number;
  to: number;
  /** Whether decisions are taken and settings moved: forecasts alone are quicker. */
  decides: boolean;
}

/**
 * The worker's own forecast activity, look by look, over a world; `decide` on each forecast, and `proposeSettings` every hour
 * on what the source has shown by then. Fits are awaited, so that the same world gives the same walk.
 */
export async function walk(world: World, options: WalkOptions): Promise<Walked> {
  const { stepMs } = world;
  const { from, to, policy, decides } = options;
  const replayWorld = worldSpec(stepMs, policy);
  let now = from;
  let fan: FanPoint[] = [];
  let fits: Promise<unknown> = Promise.resolve();
  const { fitter } = options;
  const { forecast } = createForecastActivities({
    demand: { read: async (_, begin, end) => world.read(begin, end, now) },
    ledger: {
      saveForecast: async (_, points) => void (fan = points),
      timesToServe: async () => replayWorld.timesToServe,
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
    settings: [DEFAULT_SETTINGS],
    moves: [],
    mirrors: [],
    medians: [],
  };
  const deciding = decides ? new Deciding(replayWorld, world, walked) : undefined;
  for (let step = 0; step < steps; step++, now += stepMs) {
    const digest = await forecast({ spec: replayWorld.spec, settings: walked.settings.at(-1)! });
    await fits;
    // The promises behind a fit take a few turns until the activity has it.
    await new Promise((resolve) => setImmediate(resolve));
    judge(walked, world, step, digest, fan);
    deciding?.look(digest, now);
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
  walked.medians[step] = windows.shadow.median;
  said(1, windows.shadow.lower, windows.shadow.upper, highest);
  for (const [i, leadMs] of LEADS_MS.entries()) {
    const point = fan.find(({ at }) => at >= issuedAt + leadMs);
    if (point) said(2 + i, point.lower, point.upper, world.finally(point.at));
  }
}

/** Decisions along a walk, and settings moved by what they would have cost. */
class Deciding {
  readonly #world: World;
  readonly #walked: Walked;
  readonly #lived: LivedPast;
  readonly #replay: RollingReplay;
  #shown: number;

  constructor(replayWorld: ReplayWorld, world: World, walked: Walked) {
    this.#world = world;
    this.#walked = walked;
    this.#shown = world.demandAt(walked.from)!;
    this.#lived = new LivedPast(replayWorld, this.#shown);
    this.#replay = new RollingReplay(replayWorld, RETUNE_HOURS);
  }

  look(digest: ForecastDigest, now: number): void {
    const settings = this.#walked.settings.at(-1)!;
    const { plan } = this.#lived.look(settings, digest);
    const mirrors = plan.mirrors.reduce((sum, { full, warm, shadow }) => sum + full + warm + shadow, 0);
    this.#walked.mirrors.push(mirrors);
    const end = now + this.#walked.stepMs;
    this.#lived.step(this.#world.demandAt(end), end, this.#walked.stepMs);
    for (let startMs = now; startMs < end; startMs += MINUTE_MS) {
      const seen = this.#shown;
      if (startMs === end - MINUTE_MS) this.#shown = this.#world.finally(end) ?? this.#shown;
      const looked = startMs === now ? { look: () => digest } : {};
      this.#replay.live({ startMs, seen, demand: this.#shown, ...looked });
    }
    if (end % HOUR_MS === 0) this.#retune(settings, end);
  }

  #retune(settings: Settings, at: number): void {
    const proposal = proposeSettings(this.#replay.replay, settings, SETTINGS_BOUNDS);
    if (!proposal.move) return;
    this.#walked.settings.push(proposal.settings);
    this.#walked.moves.push({ at, ...proposal.move });
  }
}
