import { LivedPast } from '../../activities/past/lived-past.ts';
import { RollingReplay } from '../../src/backtest/rolling-replay.ts';
import type { ApplicationSpec } from '../../src/domain/application.ts';
import type { Settings } from '../../src/domain/plan.ts';
import { proposeSettings } from '../../src/domain/propose-settings.ts';
import type { ReplayWorld } from '../../src/domain/replay.ts';
import { SETTINGS_BOUNDS, TUNABLE, type Tunable } from '../../src/domain/settings.ts';
import { turnsOf } from './coverage.ts';
import type { Walked } from './walk.ts';
import { DELAY_MS, HOUR_MS, MINUTE_MS, type World } from './world.ts';

/** Demand of 100 to 500 is two to ten instances: beyond what the primary may be, and dear where it is not served. */
export function worldOf(stepMs: number, policy: ApplicationSpec['mirrors']['policy']): ReplayWorld {
  const spec: ApplicationSpec = {
    application: 'shop',
    labels: {},
    mode: 'auto',
    primary: { project: 'p', zone: 'a', instanceGroup: 'shop' },
    demand: { metric: 'm', filter: '', stepMs, observationDelayMs: DELAY_MS, perInstance: 50 },
    objectives: { availability: 0.999, latencyMs: 300, violationCost: 100 },
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
    primary: { minimum: 2, maximum: 4, utilizationTarget: 0.8 },
  };
}

export interface DecideOptions {
  policy: ApplicationSpec['mirrors']['policy'];
  /** In force at first. */
  settings: Settings;
  /** How often settings are looked at, and how far back that looks. */
  retuneEveryHours: number;
  lookBackHours: number;
  /** Absent: the product's own. */
  propose?: typeof proposeSettings;
}

export interface Decided {
  /** Instances wanted at mirrors (all tiers), per step. */
  mirrors: number[];
  /** Of those, full ones. */
  full: number[];
  /** In force over time, oldest first. */
  settings: Settings[];
  moves: { at: number; setting: Tunable; from: number; to: number }[];
}

/** `decide` on each forecast of a walk, and `proposeSettings` now and then on what the source has shown by then. */
export function decideAlong(
  world: World,
  { digests, from, stepMs }: Walked,
  options: DecideOptions,
): Decided {
  const { policy, retuneEveryHours, lookBackHours, propose = proposeSettings } = options;
  const replayWorld = worldOf(stepMs, policy);
  const replay = new RollingReplay(replayWorld, lookBackHours);
  let shown = world.demandAt(from)!;
  const lived = new LivedPast(replayWorld, shown);
  const decided: Decided = { mirrors: [], full: [], settings: [options.settings], moves: [] };
  for (const [step, digest] of digests.entries()) {
    const now = from + step * stepMs;
    const settings = decided.settings.at(-1)!;
    const { plan } = lived.look(settings, digest);
    decided.full.push(plan.mirrors.reduce((sum, { full }) => sum + full, 0));
    decided.mirrors.push(plan.mirrors.reduce((sum, { full, warm, shadow }) => sum + full + warm + shadow, 0));
    const end = now + stepMs;
    const coming = world.demandAt(end);
    lived.step(coming, end, stepMs);
    for (let startMs = now; startMs < end; startMs += MINUTE_MS) {
      const look = startMs === now ? { look: () => digest } : {};
      replay.live({ startMs, seen: shown, demand: coming ?? shown, ...look });
    }
    shown = coming ?? shown;
    if ((end - from) % (retuneEveryHours * HOUR_MS) !== 0) continue;
    const proposal = propose(replay.replay, settings, SETTINGS_BOUNDS);
    if (!proposal.move) continue;
    decided.settings.push(proposal.settings);
    decided.moves.push({ at: end, ...proposal.move });
  }
  return decided;
}

/** How often each setting turned from rising to falling or back. */
export function turnsOfSettings({ settings }: Decided): Record<Tunable, number> {
  const turns = TUNABLE.map((name) => [name, turnsOf(settings.map((each) => each[name]))] as const);
  return Object.fromEntries(turns) as Record<Tunable, number>;
}

/** Settings that were ever outside of what feedback may set. */
export function outOfBounds({ settings }: Decided): Tunable[] {
  return TUNABLE.filter((name) => {
    const { least, most } = SETTINGS_BOUNDS[name];
    return settings.some((each) => each[name] < least || each[name] > most);
  });
}
