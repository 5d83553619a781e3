import type { ForecastDigest } from '../../domain/forecast.ts';
import type { Decision } from '../../domain/plan.ts';
import type { FanRow } from '../tables.ts';
import type { ExportColumns, ExportRow } from './table.ts';

/** Looks, lived through or worked out afterwards, in plain columns. */

export const FORECAST_COLUMNS: ExportColumns = {
  at: 'time',
  issuedAt: 'time',
  model: 'text',
  quality: 'text',
  coverage: 'number',
  observed: 'number',
  fullLower: 'number',
  fullMedian: 'number',
  fullUpper: 'number',
  warmLower: 'number',
  warmMedian: 'number',
  warmUpper: 'number',
  shadowLower: 'number',
  shadowMedian: 'number',
  shadowUpper: 'number',
  sustained: 'number',
  peakAt: 'time',
  peakMedian: 'number',
  fan: 'text',
};

export const DECISION_COLUMNS: ExportColumns = {
  plan: 'text',
  policy: 'text',
  headline: 'text',
  full: 'count',
  warm: 'count',
  shadow: 'count',
  primaryMinimum: 'count',
  threshold: 'number',
  thresholdFactor: 'number',
  spendPerHour: 'number',
  mirrors: 'json',
  reasons: 'json',
};

export const FAN_COLUMNS: ExportColumns = {
  issuedFor: 'time',
  at: 'time',
  lower: 'number',
  median: 'number',
  upper: 'number',
};

export function forecastRow({ windows, peak, ...digest }: ForecastDigest): ExportRow {
  return {
    at: digest.asOf,
    issuedAt: digest.issuedAt,
    model: digest.model,
    quality: digest.quality,
    coverage: digest.nominalCoverage,
    observed: digest.observed,
    fullLower: windows.full.lower,
    fullMedian: windows.full.median,
    fullUpper: windows.full.upper,
    warmLower: windows.warm.lower,
    warmMedian: windows.warm.median,
    warmUpper: windows.warm.upper,
    shadowLower: windows.shadow.lower,
    shadowMedian: windows.shadow.median,
    shadowUpper: windows.shadow.upper,
    sustained: digest.sustained,
    peakAt: peak.at,
    peakMedian: peak.median,
    fan: digest.fan,
  };
}

/** Instances of all zones together; `mirrors` has them by zone. */
export function decisionRow({ plan, reasons }: Decision): ExportRow {
  const sum = (tier: 'full' | 'warm' | 'shadow') =>
    plan.mirrors.reduce((total, mirror) => total + mirror[tier], 0);
  return {
    plan: plan.id,
    policy: reasons.policy,
    headline: reasons.headline,
    full: sum('full'),
    warm: sum('warm'),
    shadow: sum('shadow'),
    primaryMinimum: plan.primaryMinimum,
    threshold: reasons.threshold,
    thresholdFactor: reasons.thresholdFactor,
    spendPerHour: reasons.spendPerHour,
    mirrors: plan.mirrors,
    reasons,
  };
}

export function fanRows(issuedFor: number, fan: readonly FanRow[]): ExportRow[] {
  return fan.map(([at, lower, median, upper]) => ({ issuedFor, at, lower, median, upper }));
}
