/** What was read of one step. */
interface Read {
  value: number;
  /** Its age when it was first seen with that value, ms; 0 while it has not changed since it was first read. */
  changedAtAgeMs: number;
}

const HOUR_MS = 3_600_000;
/** Steps looked at: long enough that calm does not end with the first step that did not change. */
const LATELY_MS = 3 * HOUR_MS;
/** So many of those may still change after they count as final: one wild correction must not make all demand older. */
const MAY_CHANGE = 0.05;
/** A change by less than this share of the value is none: any interval is wider. */
const LEAST_CHANGE = 0.02;

/**
 * Learns how old samples are when they no longer change, from reading the young ones again and again. What a specification
 * calls the observation delay may be too short, and a source may slow down: counts that still fill up look like low demand.
 */
export class RevisionAge {
  readonly #reads = new Map<number, Read>();

  /** @param samples what the source says of some young steps at `now` */
  read(samples: readonly { at: number; value: number }[], now: number): void {
    for (const { at, value } of samples) {
      if (now - at > LATELY_MS) continue;
      const before = this.#reads.get(at);
      if (!before) this.#reads.set(at, { value, changedAtAgeMs: 0 });
      else if (isChange(before.value, value)) this.#reads.set(at, { value, changedAtAgeMs: now - at });
    }
    for (const at of this.#reads.keys()) if (now - at > LATELY_MS) this.#reads.delete(at);
  }

  /** Age from which on samples were final lately, all but one in twenty; 0 where none but a single one changed. */
  get finalAfterMs(): number {
    const ages = Array.from(this.#reads.values(), ({ changedAtAgeMs }) => changedAtAgeMs).sort(
      (a, b) => b - a,
    );
    return ages[Math.max(1, Math.floor(MAY_CHANGE * ages.length))] ?? 0;
  }
}

function isChange(before: number, after: number): boolean {
  return Math.abs(after - before) > LEAST_CHANGE * Math.max(Math.abs(before), Math.abs(after));
}
