import type { Sample } from '../../ports/demand.ts';
import { MINUTE_MS } from './demand-series.ts';

/** The world that a target is chosen for: the same delays and sizes as the example's. */
export interface ScalingWorld {
  /** Demand one instance carries within the objective, and at full utilisation, requests/s. */
  perInstance: number;
  saturation: number;
  /** From the autoscaler's decision to serving, ms. */
  startUpMs: number;
  stabilisationMs: number;
  minimum: number;
  maximum: number;
  /** One unserved instance-hour, in instance-hours. */
  violationCost: number;
}

const CANDIDATES = [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9];
const DAYS = 3;
const TICK_MS = 15_000;
const HOUR_MS = 3_600_000;

/**
 * The CPU target in 0.6..0.9 that would have cost least over the history's last days: instance-hours plus what unserved
 * demand costs. Both twins get it, so that the rival is not one that was set badly.
 */
export function chooseTarget(history: Sample[], world: ScalingWorld): { target: number; cost: number } {
  const from = (history.at(-1)?.at ?? 0) - DAYS * 24 * HOUR_MS;
  const recent = history.filter((s) => s.at > from);
  const first = { target: CANDIDATES[0] ?? 0.6, cost: Infinity };
  return CANDIDATES.map((target) => ({ target, cost: costOf(target, recent, world) })).reduce(
    (best, next) => (next.cost < best.cost ? next : best),
    first,
  );
}

/** A fluid simulation of one autoscaled group under the documented rules; demand is constant within a step. */
function costOf(target: number, samples: Sample[], world: ScalingWorld): number {
  let ready = instancesFor(samples[0]?.value ?? 0, world);
  const booting: { readyAt: number; count: number }[] = [];
  const recommendations: { at: number; size: number }[] = [];
  let cost = 0;
  for (const { at, value } of samples) {
    for (let now = at - MINUTE_MS + TICK_MS; now <= at; now += TICK_MS) {
      while (booting[0] && booting[0].readyAt <= now) ready += booting.shift()?.count ?? 0;
      const size = ready + booting.reduce((sum, b) => sum + b.count, 0);
      cost += costPerHour(value, ready, size, world) * (TICK_MS / HOUR_MS);
      const utilisation = Math.min(1, value / (ready * world.saturation));
      recommendations.push({ at: now, size: Math.ceil((ready * utilisation) / target) });
      while ((recommendations[0]?.at ?? now) < now - world.stabilisationMs) recommendations.shift();
      const wanted = within(world, Math.max(...recommendations.map((r) => r.size)));
      if (wanted > size) booting.push({ readyAt: now + world.startUpMs, count: wanted - size });
      // What is booting is let go first, as a managed group does.
      for (let excess = size - wanted; excess > 0; excess--) {
        const newest = booting.at(-1);
        if (!newest) ready -= 1;
        else if (newest.count > 1) newest.count -= 1;
        else booting.pop();
      }
    }
  }
  return cost;
}

function costPerHour(demand: number, ready: number, size: number, world: ScalingWorld): number {
  const unserved = Math.max(0, demand / world.perInstance - ready);
  return size + world.violationCost * unserved;
}

function instancesFor(demand: number, world: ScalingWorld): number {
  return within(world, Math.ceil(demand / world.perInstance));
}

function within({ minimum, maximum }: ScalingWorld, size: number): number {
  return Math.max(1, minimum, Math.min(maximum, size));
}
