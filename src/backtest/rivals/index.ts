import { autopilot } from './autopilot.ts';
import { awsPredictive, awsPredictivePool } from './aws-predictive.ts';
import { crane } from './crane.ts';
import { gcpPredictive, gcpPredictivePool } from './gcp-predictive.ts';
import { hpa } from './hpa.ts';
import { mig, migDefaults } from './mig.ts';
import { phpa } from './phpa.ts';
import type { Rival } from './rival.ts';
import { staticPeak } from './static-peak.ts';

export const RIVALS: readonly Rival[] = [
  staticPeak,
  hpa,
  migDefaults,
  mig,
  gcpPredictive,
  gcpPredictivePool,
  awsPredictive,
  awsPredictivePool,
  phpa,
  crane,
  autopilot,
];
