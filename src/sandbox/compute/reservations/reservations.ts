import { stockOutIn } from '../../faults/machines.ts';
import { ApiError } from '../../http.ts';
import type { World } from '../../world.ts';
import { pathsOf, placeOf, route, routesOf } from '../collection.ts';
import type { Kind, Registry, Route } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { cpusOf, shortOf } from '../quotas.ts';
import { find, invalid, keyOf, linkTo, parseBody, placeFields, placePath, timestamp } from '../resources.ts';
import type { Place } from '../resources.ts';
import { ReservationBody, ResizeBody } from './shapes.ts';
import type { Reservation } from './shapes.ts';
import { usersOf } from './use.ts';

const NOT_ACTED_ON = [
  'aggregateReservation',
  'commitment',
  'confidentialComputeType',
  'deploymentType',
  'params',
  'protectionTier',
  'reservationSharingPolicy',
  'resourcePolicies',
  'schedulingType',
  'advancedDeploymentControl',
];

/** Zonal reservations of machine types. Instances that run use them; what they hold of the quota is taken at once. */
export function reservationRoutes(registry: Registry): Route[] {
  const { world } = registry;
  const kind = reservationKind(world);
  return [
    ...routesOf(registry, kind),
    route('POST', `${pathsOf(kind)[0]}/:name/resize`, (request, parts) => {
      const place = placeOf(parts);
      return registry.operations.run(request, place, 'compute.reservations.resize', () => {
        const reservation = find(kind.map, kind.collection, { ...place, name: parts['name']! });
        const { specificSkuCount } = parseBody(ResizeBody, request.body);
        const used = usersOf(world, place, reservation.name).length;
        if (specificSkuCount < used)
          throw invalid('specificSkuCount', specificSkuCount, `${used} instances use the reservation.`);
        const { count, instanceProperties } = reservation.specificReservation;
        const { machineType } = instanceProperties;
        checkQuota(world, place, machineType, specificSkuCount - count);
        const effect = { link: linkTo(place, kind.collection, reservation.name), id: reservation.id };
        const problem = specificSkuCount > count && shortageOf(world, place, machineType);
        if (problem) return { ...effect, problem };
        reservation.specificReservation.count = specificSkuCount;
        return effect;
      });
    }),
  ];
}

function reservationKind(world: World): Kind<Reservation> {
  return {
    collection: 'reservations',
    singular: 'reservation',
    scopes: ['zone'],
    map: world.reservations as Map<string, Reservation>,
    schema: ReservationBody,
    outputs: ['status', 'resourceStatus', 'satisfiesPzs', 'linkedCommitments'],
    quota: 'RESERVATIONS',
    check(place, reservation) {
      refuseFields(reservation, ...NOT_ACTED_ON);
      refuseSharing(reservation);
      refuseHardware(reservation.specificReservation);
      const { count, instanceProperties } = reservation.specificReservation;
      checkQuota(world, place, instanceProperties.machineType, count);
    },
    shortage: (place, { specificReservation }) =>
      shortageOf(world, place, specificReservation.instanceProperties.machineType),
    usedBy(place, { name, specificReservationRequired }) {
      // An instance that took any reservation goes on without; one that named it must go first.
      return specificReservationRequired ? usersOf(world, place, name)[0]?.name : undefined;
    },
    async removed(place, { name }) {
      letGo(world, place, name);
    },
    view: (place, reservation) => reservationView(world, place, reservation),
  };
}

/** Deletes reservations whose time is over. */
export function expireReservations(world: World): void {
  for (const [key, resource] of world.reservations) {
    if (world.clock.now() < endOf(resource as Reservation)) continue;
    const [project, location] = key.split('/') as [string, string];
    world.reservations.delete(key);
    letGo(world, { project, location }, resource.name);
  }
}

function endOf({ creationTimestamp, deleteAtTime, deleteAfterDuration }: Reservation): number {
  if (deleteAtTime !== undefined) return Date.parse(deleteAtTime);
  return Date.parse(creationTimestamp as string) + 1000 * Number(deleteAfterDuration?.seconds ?? Infinity);
}

/** Instances that used a reservation that is gone go on without. */
function letGo(world: World, place: Place, reservation: string): void {
  for (const instance of usersOf(world, place, reservation)) delete instance.reservation;
}

export function refuseSharing(resource: Record<string, unknown>): void {
  const settings = resource['shareSettings'] as { shareType?: string } | undefined;
  if ((settings?.shareType ?? 'LOCAL') !== 'LOCAL')
    throw notImplemented('A reservation shared with other projects');
}

export function refuseHardware(
  sku: Record<string, unknown> & { instanceProperties: Record<string, unknown> },
): void {
  refuseFields(sku, 'sourceInstanceTemplate');
  refuseFields(sku.instanceProperties, 'guestAccelerators', 'localSsds', 'minCpuPlatform', 'locationHint');
}

/** What stands in the way of so many more reserved instances, as an operation's error. */
export function shortageOf(
  world: World,
  place: Place,
  machineType: string,
): { code: string; message: string } | undefined {
  const code = stockOutIn(world.faults, place, machineType);
  if (code === undefined) return undefined;
  const zone = placePath(place);
  return {
    code,
    message: `The zone '${zone}' does not have enough resources available to fulfill the request.`,
  };
}

function checkQuota(world: World, place: Place, machineType: string, more: number): void {
  const problem = shortOf(world, place, { CPUS: more * cpusOf(machineType) });
  if (problem) throw new ApiError(403, 'quotaExceeded', problem.message);
}

function reservationView(world: World, place: Place, reservation: Reservation): Record<string, unknown> {
  const { specificReservation } = reservation;
  const { count } = specificReservation;
  return {
    ...reservation,
    status: 'READY',
    specificReservation: {
      ...specificReservation,
      count: String(count),
      assuredCount: String(count),
      inUseCount: String(usersOf(world, place, reservation.name).length),
    },
  };
}

/** Stores a reservation that nobody asked for by itself: a future one has become real. */
export function storeReservation(
  { world, ids }: Registry,
  place: Place,
  body: Record<string, unknown> & { name: string },
): void {
  world.reservations.set(keyOf({ ...place, name: body.name }), {
    kind: 'compute#reservation',
    creationTimestamp: timestamp(world.clock.now()),
    ...(parseBody(ReservationBody, body) as Reservation),
    id: ids.next(),
    selfLink: linkTo(place, 'reservations', body.name),
    ...placeFields(place),
  });
}
