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

/** One UTC day of demand from a file: values of its steps, counted from 1, null where none is known. */
export interface ImportedDay {
  /** Start of the day, ms since the epoch. */
  day: number;
  samples: [step: number, value: number | null][];
}

/** What the worker's API is sent to import demand. */
export interface ImportBody {
  stepMs: number;
  /** Put these in place of what was observed. */
  replace: boolean;
  days: ImportedDay[];
}

/** What became of the steps that it was sent. */
export interface ImportCounts {
  /** Not imported before. */
  taken: number;
  /** Imported before with another value, which is gone. */
  changed: number;
  /** Imported before just so. */
  unchanged: number;
  /** Observed live: left out. */
  observed: number;
  /** Older than demand is kept: left out. */
  tooOld: number;
  /** Not over yet: left out. */
  tooNew: number;
}

export interface ImportAnswer extends ImportCounts {
  /** Whether an application of that name is looked after now. */
  running: boolean;
}

/** What the worker's API answers when everything imported is taken out again. */
export interface ForgetAnswer {
  /** Steps that had been imported. */
  forgotten: number;
}
