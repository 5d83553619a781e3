import type { ApplicationSpec } from '../src/domain/application.ts';
import { joined, type StepValue } from '../src/domain/imported-demand.ts';
import { RevisionAge } from '../src/domain/observation-delay.ts';
import type { DemandSource } from '../src/ports/demand.ts';
import type { History } from '../models/forecaster.ts';
import { endOf, extend, until } from '../models/forecaster.ts';
import { samplesIn } from '../models/warm-up.ts';
import { HISTORY_MS } from './digest.ts';

/** How long a sample may still come late or be revised. */
const REVISED_MS = 30 * 60_000;

/** What is known of demand at one time. */
export interface FinalDemand {
  /** Up to `asOf`; absent before the first sample. */
  known?: History;
  /** End of the newest final step. */
  asOf: number;
  /** The observation delay as it is: as declared, or longer by whole steps where samples were seen to change for longer. */
  delayMs: number;
  /** Samples that are newer than `asOf` and may still change. */
  young: number[];
}

/** Demand of one application as its source has shown it so far, and how old it must be to be relied upon. */
export class SeenDemand {
  #history: History | undefined;
  readonly #revisions = new RevisionAge();
  readonly #replaces: readonly StepValue[];

  /** @param replaces what was imported in place of what the source shows: a person's word, which reading again does not undo */
  constructor(history?: History, replaces: readonly StepValue[] = []) {
    this.#history = history;
    this.#replaces = replaces;
  }

  /**
   * Reads on, and says what of all that is final. What is young is read again: a point that came late fills its gap, a revised
   * one replaces the first.
   * @param takenIn end of what was counted as final before, and stays so
   */
  async readOn(
    source: DemandSource,
    spec: ApplicationSpec,
    now: number,
    takenIn = -Infinity,
  ): Promise<FinalDemand> {
    const { stepMs, observationDelayMs } = spec.demand;
    const newest = this.#history ? endOf(this.#history) : now - HISTORY_MS;
    const fresh = await source.read(spec, newest - REVISED_MS, now);
    this.#revisions.read(fresh, now);
    const replaced = this.#replaces.filter(({ at }) => at > newest - REVISED_MS);
    const counted = joined([], fresh, replaced);
    const history = (this.#history = extend(this.#history, counted, stepMs, HISTORY_MS));
    const longer = Math.ceil(Math.max(0, this.#revisions.finalAfterMs - observationDelayMs) / stepMs);
    const delayMs = observationDelayMs + longer * stepMs;
    // Without any sample yet: the newest one that there could be. Nothing is up then, and nothing is raised.
    if (!history) return { asOf: Math.floor((now - delayMs) / stepMs) * stepMs, delayMs, young: [] };
    const end = endOf(history);
    // Nothing is held back by the declared delay: a source that shows younger samples means them.
    const steps = longer > 0 ? Math.max(0, Math.ceil((end - (now - delayMs)) / stepMs)) : 0;
    const asOf = Math.min(end, Math.max(end - steps * stepMs, takenIn));
    const young = samplesIn(history, asOf, end).map(({ value }) => value);
    return { known: until(history, asOf, HISTORY_MS), asOf, delayMs, young };
  }
}
