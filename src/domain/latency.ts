import { regionOf } from './region.ts';

/** Round trips between zones, and where the figures come from. Configuration, never constants. */
export interface Latencies {
  /** Between two zones of one region, ms. */
  sameRegionMs: number;
  /** Between regions, ms, either way round: `{ "us-central1/us-east1": 33 }`. */
  betweenRegionsMs: Record<string, number>;
  source: string;
}

/** Round trip between two zones, ms; undefined where the table says nothing. */
export function latencyBetween(a: string, b: string, table: Latencies): number | undefined {
  const [from, to] = [regionOf(a), regionOf(b)];
  if (from === to) return table.sameRegionMs;
  return table.betweenRegionsMs[`${from}/${to}`] ?? table.betweenRegionsMs[`${to}/${from}`];
}
