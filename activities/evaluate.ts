import type { ApplicationSpec } from '../src/domain/application.ts';
import type { Prices } from '../src/domain/cost.ts';
import { decide } from '../src/domain/decide.ts';
import { withExpectedCost } from '../src/domain/expected-cost.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Decision, DecisionMemory, Plan, Settings } from '../src/domain/plan.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import { sameCounts } from '../src/domain/tier.ts';
import type { CapacitySource } from '../src/ports/capacity.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { Fleet } from '../src/ports/fleet.ts';
import type { Ledger } from '../src/ports/ledger.ts';
import type { MetricSource } from '../src/ports/metrics.ts';
import { createSaturationWatch } from './saturated.ts';

export interface EvaluateDeps {
  fleet: Pick<Fleet, 'snapshot'>;
  capacity: CapacitySource;
  ledger: Pick<Ledger, 'timesToServe' | 'latestDecision' | 'saveDecision' | 'tell'>;
  clock: Clock;
  prices: Prices;
  /** Absent: nobody can tell whether more was asked for than was served. */
  metrics?: MetricSource;
}

export interface EvaluateInput {
  spec: ApplicationSpec;
  settings: Settings;
  memory: DecisionMemory;
  forecast: ForecastDigest;
  forced: Record<string, TierCounts>;
  paused: boolean;
  primaryMinimumBefore?: number;
}

/** Evaluate: reads what is, and decides. The only side effects are the ledger's rows. */
export function createEvaluateActivities(deps: EvaluateDeps) {
  const { fleet, capacity, ledger, clock, prices, metrics } = deps;
  const whyMore = metrics && createSaturationWatch(metrics);
  return {
    async evaluate(input: EvaluateInput): Promise<Decision> {
      const { application } = input.spec;
      const [state, zones, timesToServe, before] = await Promise.all([
        fleet.snapshot(input.spec),
        capacity.read(input.spec),
        ledger.timesToServe(application),
        ledger.latestDecision(application),
      ]);
      const mayBeMore = await whyMore?.(input.spec, input.forecast, state);
      const known = {
        ...input,
        fleet: state,
        capacity: zones,
        prices,
        timesToServe,
        now: clock.now(),
        ...(mayBeMore === undefined ? {} : { mayBeMore }),
      };
      const decision = withExpectedCost(decide(known), known);
      // Told before it is saved: a repetition finds the older decision again, and tells the same once more.
      if (!samePlan(before?.plan, decision.plan)) {
        const { headline } = decision.reasons;
        await ledger.tell({ at: input.forecast.issuedAt, application, kind: 'decision', text: headline });
      }
      await ledger.saveDecision(decision);
      return decision;
    },
  };
}

/** Nothing before, and nothing to do, is no news either. */
function samePlan(before: Plan | undefined, after: Plan): boolean {
  if (!before) return after.mirrors.length === 0;
  return (
    before.primaryMinimum === after.primaryMinimum &&
    before.mirrors.length === after.mirrors.length &&
    before.mirrors.every((mirror, i) => {
      const other = after.mirrors[i]!;
      return mirror.zone === other.zone && sameCounts(mirror, other);
    })
  );
}
