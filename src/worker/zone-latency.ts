import type { Latencies } from '../domain/latency.ts';
import { latencyBetween } from '../domain/latency.ts';
import type { CapacitySource } from '../ports/capacity.ts';

/** The zones as `source` tells of them, with the configured round trip from each to the primary's zone. */
export function withLatencies(source: CapacitySource, latencies: Latencies): CapacitySource {
  return {
    async read(spec) {
      const zones = await source.read(spec);
      return zones.map((entry) => ({
        ...entry,
        latencyMs: latencyBetween(spec.primary.zone, entry.zone, latencies),
      }));
    },
  };
}
