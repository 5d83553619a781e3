import { crane } from './crane.ts';
import { gcpPredictive } from './gcp-predictive.ts';
import { hpa } from './hpa.ts';
import { mig, migDefaults } from './mig.ts';
import { phpa } from './phpa.ts';
import type { Rival } from './rival.ts';
import { staticPeak } from './static-peak.ts';

export const RIVALS: readonly Rival[] = [staticPeak, hpa, migDefaults, mig, gcpPredictive, phpa, crane];
