import type { ApplicationSpec } from '../domain/application.ts';

/** One final sample: `at` is the END of the step, ms since the epoch; `value` in the demand's unit (requests/s). */
export interface Sample {
  at: number;
  value: number;
}

export interface DemandSource {
  /** Final samples with from < at <= to, ascending. A gap is missing, never zero. */
  read(spec: ApplicationSpec, from: number, to: number): Promise<Sample[]>;
}
