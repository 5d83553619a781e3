import type { Instance, World } from '../../world.ts';
import { inPlace } from '../resources.ts';
import type { Place } from '../resources.ts';
import type { Reservation } from './shapes.ts';

interface Affinity {
  consumeReservationType?: string;
  key?: string;
  values?: string[];
}

/**
 * Lets an instance that is to run use a reservation of its zone: the one that it is told to, else any that fits and
 * has room. Answers what is wrong when the named one has none. What it uses is noted on it, and is free again when the
 * instance is suspended, stopped or gone.
 */
export function takeReservation(
  world: World,
  instance: Instance,
): { code: string; message: string } | undefined {
  delete instance.reservation;
  const { consumeReservationType = 'ANY_RESERVATION', values = [] } = affinityOf(instance);
  if (consumeReservationType === 'NO_RESERVATION') return undefined;
  const isNamed = consumeReservationType === 'SPECIFIC_RESERVATION';
  const place = { project: instance.project, location: instance.zone };
  const fitting = inPlace(world.reservations as Map<string, Reservation>, place).find(
    (reservation) =>
      (isNamed ? values.includes(reservation.name) : !reservation.specificReservationRequired) &&
      reservation.specificReservation.instanceProperties.machineType === instance.machineType &&
      usersOf(world, place, reservation.name).length < reservation.specificReservation.count,
  );
  if (fitting) instance.reservation = fitting.name;
  else if (isNamed)
    return {
      code: 'RESERVATION_NOT_AVAILABLE',
      message: `Specified reservations [${values.join(', ')}] do not have available resources for the request.`,
    };
  return undefined;
}

/** Instances that take its places. */
export function usersOf(world: World, place: Place, reservation: string): Instance[] {
  return inPlace(world.instances, place).filter(
    (instance) =>
      instance.reservation === reservation &&
      instance.status !== 'SUSPENDED' &&
      instance.status !== 'TERMINATED',
  );
}

/** What its template or its own body says. */
function affinityOf({ given }: Instance): Affinity {
  return (given?.['reservationAffinity'] as Affinity | undefined) ?? {};
}
