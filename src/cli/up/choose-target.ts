import { NO_TRACK, trackTarget } from '../../domain/target-tracking.ts';
import type { Sample } from '../../ports/demand.ts';
import { MINUTE_MS } from './twin-demand.ts';

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

/** A fluid simulation of one autoscaled group under the documented rules; demand is constant within a minute. */
function costOf(target: number, samples: Sample[], world: ScalingWorld): number {
  const { minimum, maximum, stabilisationMs } = world;
  const rule = { utilizationTarget: target, minimum, maximum, stabilizationMs: stabilisationMs };
  let ready = Math.max(minimum, Math.min(maximum, Math.ceil((samples[0]?.value ?? 0) / world.perInstance)));
  let booting: { readyAt: number }[] = [];
  let track = NO_TRACK;
  let cost = 0;
  for (const { at, value } of samples)
    for (let now = at - MINUTE_MS + TICK_MS; now <= at; now += TICK_MS) {
      ready += booting.filter((instance) => instance.readyAt <= now).length;
      booting = booting.filter((instance) => instance.readyAt > now);
      const size = ready + booting.length;
      const unserved = Math.max(0, value / world.perInstance - ready);
      cost += (size + world.violationCost * unserved) * (TICK_MS / HOUR_MS);
      const utilisation = Math.min(1, value / (ready * world.saturation));
      const step = trackTarget(rule, track, now, Array<number>(ready).fill(utilisation), size);
      track = step.track;
      for (let added = size; added < step.size; added++) booting.push({ readyAt: now + world.startUpMs });
      // What still boots is let go first, as a managed group does.
      for (let left = size; left > step.size; left--) if (!booting.pop()) ready -= 1;
    }
  return cost;
}
