import type { FaultCase } from './faults-case.ts';
import { SERVER_DEATHS, WORKER_DEATHS } from './faults-deaths.ts';
import { CLOUD_FAULTS, PAUSES } from './faults-disturbances.ts';
import { ENDINGS, RUN_ENDINGS } from './faults-endings.ts';

/** The whole matrix, class by class. */
export const FAULT_CASES: readonly FaultCase[] = [
  ...ENDINGS,
  ...RUN_ENDINGS,
  ...WORKER_DEATHS,
  ...SERVER_DEATHS,
  ...CLOUD_FAULTS,
  ...PAUSES,
];
