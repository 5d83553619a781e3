import type { ApplicationSpec } from '../domain/application.ts';
import { dateAndTime } from '../domain/clock-time.ts';
import { identityOf } from '../domain/demand-series.ts';
import type { Sample } from '../ports/demand.ts';

const HOUR_MS = 3_600_000;

/** What is known of one application's refusals. */
interface Watched {
  /** End of the newest step with a count of refusals. */
  newest: number;
  silent: boolean;
}

/**
 * Adds refusals to the demand that does not see them. A step without a count of refusals keeps what was served: whether none
 * was refused or the count is missing cannot be told from here, so a count that stays away for an hour is said, once, and so
 * is its return.
 */
export class Refusals {
  readonly #watched = new Map<string, Watched>();
  readonly #tell: (application: string, text: string) => void;

  constructor(tell: (application: string, text: string) => void) {
    this.#tell = tell;
  }

  add(spec: ApplicationSpec, offered: readonly Sample[], refused: ReadonlyMap<number, number>): Sample[] {
    const last = offered.at(-1)?.at;
    if (last !== undefined) this.#watch(spec, offered, last, refused);
    return offered.map(({ at, value }) => ({ at, value: value + (refused.get(at) ?? 0) }));
  }

  #watch(
    { application, demand }: ApplicationSpec,
    offered: readonly Sample[],
    last: number,
    refused: ReadonlyMap<number, number>,
  ): void {
    const key = JSON.stringify([application, ...identityOf(demand)]);
    const before = this.#watched.get(key);
    const newest = Math.max(before?.newest ?? -Infinity, ...refused.keys());
    // Without a count at all it is silent since the first step that was ever asked for.
    const since = newest === -Infinity ? offered[0]!.at - demand.stepMs : newest;
    const silent = last - since >= HOUR_MS;
    this.#watched.set(key, { newest: since, silent });
    if (silent && !before?.silent)
      this.#tell(
        application,
        `demand.refused has no value since ${dateAndTime(since)}: demand counts what was served alone until it has. ` +
          'Either nothing is refused, or the metric is not written or not matched',
      );
    if (!silent && before?.silent)
      this.#tell(application, `demand.refused has values again, up to ${dateAndTime(newest)}`);
    if (before || silent) return;
    const missing = offered.filter(({ at }) => !refused.has(at)).length;
    if (missing > 0)
      this.#tell(
        application,
        `demand.refused has no value in ${missing} of ${offered.length} steps up to ${dateAndTime(last)}: they count what was served`,
      );
  }
}
