import type { ApplicationSpec } from '../domain/application.ts';
import { servingOf } from '../domain/levels.ts';
import type { Decision, DecisionMemory, Settings } from '../domain/plan.ts';
import { EMPTY_MEMORY } from '../domain/plan.ts';
import type { Proposal } from '../domain/propose-settings.ts';
import { proposeSettings } from '../domain/propose-settings.ts';
import type { ReplayWorld } from '../domain/replay.ts';
import { decideOn } from '../domain/replay.ts';
import { SETTINGS_BOUNDS } from '../domain/settings.ts';
import { SimulatedFleet } from '../domain/simulated-fleet.ts';
import type { ForecastsAlong } from './forecasts-along.ts';
import type { WorldModel } from './model.ts';
import { STEP_MS, TICKS_PER_STEP, lagSteps } from './model.ts';
import type { Policy } from './policy.ts';
import { RollingReplay } from './rolling-replay.ts';
import { ServedCalls } from './served-calls.ts';

export interface ContenderOptions {
  settings: Settings;
  /** Hours that `proposeSettings` looks back on, each hour; absent: settings stay. */
  retuneHours?: number;
  /** Told of each move. */
  moved?: (proposal: Proposal, t: number) => void;
  /** Told of each look's decision. */
  decided?: (decision: Decision) => void;
}

const STEPS_PER_HOUR = 3_600_000 / STEP_MS;
const LIMITLESS = 1e6;

/** The backtest's world in the words of a specification: demand counted in instances, room and money without end. */
export function replayWorld(
  model: WorldModel,
  policy: ApplicationSpec['mirrors']['policy'],
  utilizationTarget?: number,
): ReplayWorld {
  const { prices, timesToServe, observationDelayMs, violationCost, floor } = model;
  const currency = 'XXX';
  return {
    spec: {
      application: 'backtest',
      labels: {},
      mode: 'auto',
      primary: { project: 'backtest', zone: 'a', instanceGroup: 'primary' },
      demand: { metric: 'recorded', filter: '', stepMs: STEP_MS, observationDelayMs, perInstance: 1 },
      objectives: { availability: 0.999, latencyMs: 300, violationCost },
      mirrors: {
        zones: ['b'],
        policy,
        interval: 0.95,
        limits: { instances: LIMITLESS, spendPerHour: { amount: LIMITLESS, currency } },
      },
      routing: { kind: 'loadBalancer', backendService: 'backtest' },
      state: 'none',
    },
    prices: { ...prices, currency, source: "the backtest's model" },
    timesToServe,
    primary: { minimum: floor, maximum: LIMITLESS, ...(utilizationTarget ? { utilizationTarget } : {}) },
  };
}

/**
 * The product's own decision in the backtest's world: forecasts along the series, `decide` at each look, the primary under its
 * autoscaler, and `proposeSettings` every hour on what has become known by then.
 * @param startMs start of the series
 */
export function premirrorContender(
  model: WorldModel,
  world: ReplayWorld,
  forecasts: ForecastsAlong,
  startMs: number,
  options: ContenderOptions,
): Policy {
  const lag = lagSteps(model);
  const replay = options.retuneHours ? new RollingReplay(world, options.retuneHours) : undefined;
  let { settings } = options;
  let fleet: SimulatedFleet | undefined;
  let memory: DecisionMemory = EMPTY_MEMORY;
  let nextLook = 0;
  const calls = new ServedCalls();
  /** Steps that were looks, until their demand is known. */
  const lookedAt = new Set<number>();
  return (observed, t) => {
    const newest = observed[observed.length - 1]!;
    const now = startMs + t * STEP_MS;
    fleet ??= new SimulatedFleet(world.primary, world.timesToServe, Math.ceil(newest));
    if (replay) {
      const step = t - lag;
      const looked = lookedAt.delete(step);
      replay.live({
        startMs: startMs + step * STEP_MS,
        seen: observed[Math.max(0, step - lag)]!,
        demand: newest,
        ...(looked ? { look: () => forecasts.at(step - lag + 1)! } : {}),
      });
      if (observed.length % STEPS_PER_HOUR === 0) {
        const proposal = proposeSettings(replay.replay, settings, SETTINGS_BOUNDS);
        ({ settings } = proposal);
        if (proposal.move) options.moved?.(proposal, t);
      }
    }
    fleet.autoscale(newest, now);
    calls.learn(observed, t, servingOf(fleet.state));
    if (now >= nextLook) {
      const decision = decideOn(fleet, world, settings, memory, calls.within(forecasts.at(observed.length)!));
      ({ memory } = decision);
      options.decided?.(decision);
      nextLook = now + decision.nextLookMs;
      lookedAt.add(t);
    }
    const { primary, mirrors } = fleet.wanted;
    for (let tick = 0; tick < TICKS_PER_STEP; tick++) fleet.tick();
    return { primary, ...mirrors };
  };
}
