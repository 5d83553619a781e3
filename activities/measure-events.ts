import type { ApplicationSpec } from '../src/domain/application.ts';
import { factorOf, OUTCOMES_KEPT, REFERENCES_BACK_MS, type EventOutcome } from '../src/domain/uplift.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import type { EventStore, KnownEvent } from '../src/ports/events.ts';
import type { History } from '../src/ports/history.ts';
import { knownDemand } from './past/known-demand.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The ledger keeps demand no longer. */
const MEASURED_BACK_MS = 400 * DAY_MS;
const LONGEST_MEASURED_MS = 7 * DAY_MS;
/** What could not be measured is tried again after so long: demand may have been imported since. */
const MEASURED_AGAIN_MS = HOUR_MS;

export interface MeasureDeps {
  events: EventStore;
  demand: DemandSource;
  /** Where kept and imported demand lies. Absent: what the source shows is all. */
  history?: Pick<History, 'demandDays'>;
  clock: Clock;
}

/** Measures what events did to demand, once they are over. */
export function createMeasuring(deps: MeasureDeps) {
  const { events, clock } = deps;
  /** When each event was last tried to be measured, by application and event. */
  const tried = new Map<string, number>();

  return {
    /** Measures the events that are over and have not been measured yet. Resolves to how many could be. */
    async measureEvents({ spec }: { spec: ApplicationSpec }): Promise<number> {
      const { application } = spec;
      const now = clock.now() - spec.demand.observationDelayMs;
      const known = await events.events(application, now - MEASURED_BACK_MS, now, now);
      const before = await events.outcomes(application);
      const done = new Set(before.map(keyOf));
      // What is older than the oldest of so many would not be kept.
      const oldest =
        before.length < OUTCOMES_KEPT ? -Infinity : Math.min(...before.map(({ start }) => start));
      const triedKey = (event: KnownEvent) => `${application} ${keyOf(event)}`;
      const due = known.filter(
        (event) =>
          event.end <= now &&
          event.start > oldest &&
          event.end - event.start <= LONGEST_MEASURED_MS &&
          !done.has(keyOf(event)) &&
          now - (tried.get(triedKey(event)) ?? -Infinity) >= MEASURED_AGAIN_MS,
      );
      if (due.length === 0) return 0;
      for (const event of due) tried.set(triedKey(event), now);
      const from = Math.min(...due.map(({ start }) => start)) - REFERENCES_BACK_MS;
      const samples = await knownDemand(deps, spec, from, now);
      const outcomes = due.flatMap((event) => outcomeOf(event, known, samples, spec.demand.stepMs) ?? []);
      await events.saveOutcomes(application, outcomes);
      return outcomes.length;
    },
  };
}

function keyOf({ source, id }: { source: string; id: string }): string {
  return JSON.stringify([source, id]);
}

function outcomeOf(
  event: KnownEvent,
  known: readonly KnownEvent[],
  samples: Awaited<ReturnType<DemandSource['read']>>,
  stepMs: number,
): EventOutcome | undefined {
  const { id, source, kind, start, expectedUplift } = event;
  const others = known.filter((other) => other !== event);
  const factor = factorOf(event, others, samples, stepMs);
  if (factor === undefined) return undefined;
  return {
    id,
    source,
    kind,
    start,
    factor,
    ...(expectedUplift !== undefined && { announced: expectedUplift }),
  };
}
