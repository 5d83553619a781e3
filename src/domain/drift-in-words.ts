import type { Drift } from './drift.ts';

/** A drift in words. Apart from how one is found: workflows say it, and carry no more code than they need. */
export function driftInWords({ kind, before, after, outcomes }: Drift): string {
  const was = (value: number) =>
    kind === 'less certain' ? `${Math.round(100 * value)}% outside of the interval` : value.toFixed(1);
  const earlier = before === undefined ? '' : `, ${was(before)} before`;
  if (kind === 'less certain')
    return `demand is less certain than forecast: ${was(after)} of ${outcomes} forecasts${earlier}`;
  return `demand runs ${kind} than forecast: by ${was(after)} standard deviations in ${outcomes} forecasts${earlier}`;
}
