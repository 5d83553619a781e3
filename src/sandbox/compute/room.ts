import { stockOutOf } from '../faults/machines.ts';
import type { Instance, World } from '../world.ts';
import type { Problem } from './failures.ts';
import type { Machine } from './machine.ts';
import { quotaExceeded } from './quotas.ts';
import { takeReservation } from './reservations/use.ts';

/**
 * Gives the instance the first of its machine types that zone and quota have room for. Answers what was wrong with the
 * first of them when there is none.
 */
export function roomFor(world: World, { instance, spec }: Machine): Problem | undefined {
  let problem: Problem | undefined;
  // A standby instance keeps the machine type that it has.
  const isNew = instance.spans.length === 0;
  for (const machineType of isNew ? spec.machineTypes : [instance.machineType]) {
    instance.machineType = machineType;
    const found = noRoom(world, instance);
    if (!found) return undefined;
    problem ??= found;
  }
  if (isNew) instance.machineType = spec.machineTypes[0]!;
  return problem;
}

function noRoom(world: World, instance: Instance): Problem | undefined {
  const problem =
    takeReservation(world, instance) ?? stockOut(world, instance) ?? quotaExceeded(world, instance);
  // Whoever waits for room keeps nobody from a reservation.
  if (problem) delete instance.reservation;
  return problem;
}

/** A zone without machines still has those that are reserved. */
function stockOut(world: World, instance: Instance): Problem | undefined {
  if (instance.reservation !== undefined) return undefined;
  const code = stockOutOf(world.faults, instance);
  if (code === undefined) return undefined;
  return {
    code,
    message:
      `The zone 'projects/${instance.project}/zones/${instance.zone}' does not have enough resources available ` +
      `to fulfill the request. Try a different zone, or try again later.`,
  };
}
