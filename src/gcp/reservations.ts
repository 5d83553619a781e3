import type { protos } from '@google-cloud/compute';
import { call } from './call.ts';
import type { GcpClients } from './clients.ts';
import { hasStatus } from './errors.ts';

type Reservation = protos.google.cloud.compute.v1.IReservation;
type Properties = protos.google.cloud.compute.v1.IInstanceProperties;

/**
 * Instances of a template that the project's reservations in a zone have places for, as nobody uses them; undefined where they
 * may not be read. They are there when the zone has no machines left, and count as CPUs used already.
 */
export async function reservedLeft(
  clients: GcpClients,
  project: string,
  zone: string,
  template: Properties,
): Promise<number | undefined> {
  try {
    const [reservations] = await call(`reservations in ${zone}`, () =>
      clients.reservations.list({ project, zone }),
    );
    return reservations
      .filter((each) => fits(each, template))
      .reduce((sum, each) => sum + placesLeft(each), 0);
  } catch (error) {
    // A role without `compute.reservations.list` is enough for everything else.
    if (hasStatus(error, 403)) return undefined;
    throw error;
  }
}

/** Whether an instance of the template would use it by itself. */
function fits(
  { name, status, specificReservation, specificReservationRequired }: Reservation,
  template: Properties,
) {
  const { consumeReservationType = 'ANY_RESERVATION', values = [] } = template.reservationAffinity ?? {};
  const sought =
    consumeReservationType === 'SPECIFIC_RESERVATION'
      ? (values ?? []).includes(name ?? '')
      : consumeReservationType !== 'NO_RESERVATION' && !specificReservationRequired;
  return (
    sought &&
    status === 'READY' &&
    specificReservation?.instanceProperties?.machineType === template.machineType
  );
}

function placesLeft({ specificReservation }: Reservation): number {
  const { count, inUseCount } = specificReservation ?? {};
  return Math.max(0, Number(count ?? 0) - Number(inUseCount ?? 0));
}
