import type { ReplayWorld } from '../domain/replay.ts';

/** What full knowledge of demand would have saved. */
export interface Hindsight {
  /**
   * Cost of the cheapest course over these minutes, violations included, in the prices' currency.
   * @param demand per minute, in instances
   * @param startServing instances that serve at the start
   */
  optimalCost(demand: Float64Array, world: ReplayWorld, startServing: number): number;
}
