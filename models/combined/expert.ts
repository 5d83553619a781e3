import type { Course } from '../course.ts';
import type { AnnouncedEvent } from '../../src/domain/event.ts';

/** Quantiles at chosen places: rows of LEVELS, for the leads asked for and then for the windows. NaN where none. */
export type Sketch = Float64Array;

/** A forecaster as the combination sees it. */
export interface Expert {
  readonly name: string;
  /** How its loss compares with the best one's before anything was seen, and per doubling of the lead beyond an hour. */
  readonly prior: number;
  /** Whether it uses announced events: where one is on, only those that do are heard. */
  readonly knowsEvents: boolean;
  /** Undefined where the course is too short for it. `leads` and `windows` in steps of the course. */
  sketch(
    course: Course,
    leads: readonly number[],
    windows: readonly number[],
    events: readonly AnnouncedEvent[],
  ): Promise<Sketch | undefined>;
}
