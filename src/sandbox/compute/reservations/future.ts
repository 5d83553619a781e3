import type { Timers } from '../../timers.ts';
import type { World } from '../../world.ts';
import { pathsOf, placeOf, route, routesOf } from '../collection.ts';
import type { Kind, Registry, Route } from '../collection.ts';
import { notImplemented, refuseFields } from '../contract/validate.ts';
import { cpusOf, shortOf } from '../quotas.ts';
import { find, invalid, keyOf, linkTo, timestamp } from '../resources.ts';
import type { Place } from '../resources.ts';
import { CANCELLABLE, CHANGEABLE, DELETABLE, lockedAt, statusAt, windowOf } from './progress.ts';
import {
  expireReservations,
  refuseHardware,
  refuseSharing,
  shortageOf,
  storeReservation,
} from './reservations.ts';
import { FutureReservationBody } from './shapes.ts';
import type { FutureReservation } from './shapes.ts';

/** How often requests are looked through for those whose time has come, sandbox ms. */
const LOOK_MS = 60_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Future reservations: requests that are reviewed, locked and at their start become reservations, in application time. */
export class FutureReservations {
  readonly routes: Route[];
  private readonly registry: Registry;
  private readonly timers: Timers;
  private readonly kind: Kind<FutureReservation>;

  constructor(registry: Registry, timers: Timers) {
    this.registry = registry;
    this.timers = timers;
    this.kind = futureKind(registry.world);
    this.routes = [...routesOf(registry, this.kind), this.cancelRoute()];
    this.lookAgain();
  }

  private cancelRoute(): Route {
    const { operations, world } = this.registry;
    const { map, collection } = this.kind;
    return route('POST', `${pathsOf(this.kind)[0]}/:name/cancel`, (request, parts) => {
      const place = placeOf(parts);
      return operations.run(request, place, 'compute.futureReservations.cancel', () => {
        const future = find(map, collection, { ...place, name: parts['name']! });
        const status = statusAt(future, world.clock.now());
        if (!CANCELLABLE.includes(status))
          throw invalid('status.procurementStatus', status, `Cancel it while ${CANCELLABLE.join(', ')}.`);
        future.progress = { ...future.progress, outcome: 'CANCELLED' };
        return { link: linkTo(place, collection, future.name), id: future.id };
      });
    });
  }

  private lookAgain(): void {
    this.timers.after(LOOK_MS, () => {
      expireReservations(this.registry.world);
      for (const [key, future] of this.kind.map) this.fulfil(key, future);
      this.lookAgain();
    });
  }

  /** At its start a request becomes a reservation, or fails where zone or quota have no room. */
  private fulfil(key: string, future: FutureReservation): void {
    const { world } = this.registry;
    const now = world.clock.now();
    const { startMs, endMs } = windowOf(future);
    if (now < startMs || statusAt(future, now) !== 'PROVISIONING') return;
    const [project, location] = key.split('/') as [string, string];
    const place = { project, location };
    const { totalCount, instanceProperties } = future.specificSkuProperties;
    const { machineType } = instanceProperties;
    const needs = { CPUS: totalCount * cpusOf(machineType), RESERVATIONS: 1 };
    if (shortageOf(world, place, machineType) ?? shortOf(world, place, needs)) {
      future.progress = { ...future.progress, outcome: 'FAILED' };
      return;
    }
    const name = freeName(world, place, future.reservationName ?? future.namePrefix ?? future.name);
    const deleteAt = future.autoCreatedReservationsDeleteTime ?? timestamp(endMs);
    const body = {
      name,
      specificReservation: { count: totalCount, instanceProperties },
      specificReservationRequired: future.specificReservationRequired,
      ...(future.autoDeleteAutoCreatedReservations ? { deleteAtTime: deleteAt } : {}),
    };
    storeReservation(this.registry, place, body);
    future.progress = { ...future.progress, outcome: 'FULFILLED', reservation: name };
  }
}

function futureKind(world: World): Kind<FutureReservation> {
  return {
    collection: 'futureReservations',
    singular: 'futureReservation',
    scopes: ['zone'],
    map: world.futureReservations as Map<string, FutureReservation>,
    schema: FutureReservationBody,
    changes: 'byName',
    outputs: ['status', 'progress'],
    check: (_, future, before) => checkFuture(world.clock.now(), future, before),
    usedBy(_, future) {
      const status = statusAt(future, world.clock.now());
      if (DELETABLE.includes(status)) return undefined;
      throw invalid(
        'status.procurementStatus',
        status,
        `Cancel it first, or delete it when ${DELETABLE.join(', ')}.`,
      );
    },
    view: (place, future) => futureView(place, future, world.clock.now()),
  };
}

function checkFuture(now: number, future: FutureReservation, before: FutureReservation | undefined): void {
  refuseFields(
    future,
    'aggregateReservation',
    'commitmentInfo',
    'params',
    'deploymentType',
    'schedulingType',
  );
  refuseFields(future, 'autoCreatedReservationsDuration', 'confidentialComputeType');
  if ((future['reservationMode'] ?? 'DEFAULT') !== 'DEFAULT')
    throw notImplemented('A reservation by calendar');
  refuseSharing(future);
  refuseHardware(future.specificSkuProperties);
  if (before && !CHANGEABLE.includes(statusAt(before, now)))
    throw invalid(
      'status.procurementStatus',
      statusAt(before, now),
      `Change it while ${CHANGEABLE.join(', ')}.`,
    );
  const { startMs, endMs } = windowOf(future);
  if (startMs <= now || startMs > now + YEAR_MS)
    throw invalid(
      'resource.timeWindow.startTime',
      future.timeWindow.startTime,
      'Start within a year from now.',
    );
  if (endMs < startMs + DAY_MS)
    throw invalid('resource.timeWindow', future.timeWindow, 'Reserve for 24 hours at least.');
  if (before?.planningStatus === 'SUBMITTED' && future.planningStatus !== 'SUBMITTED')
    throw invalid(
      'resource.planningStatus',
      future.planningStatus,
      'It has been submitted: cancel it instead.',
    );
  future.progress =
    future.planningStatus === 'SUBMITTED' ? { submittedAt: before?.progress?.submittedAt ?? now } : {};
}

function futureView(place: Place, future: FutureReservation, now: number): Record<string, unknown> {
  const { progress, specificSkuProperties, ...fields } = future;
  const made = progress?.reservation;
  const submitted = progress?.submittedAt !== undefined;
  return {
    ...fields,
    specificSkuProperties: { ...specificSkuProperties, totalCount: String(specificSkuProperties.totalCount) },
    status: {
      procurementStatus: statusAt(future, now),
      ...(submitted ? { lockTime: timestamp(lockedAt(future)) } : {}),
      autoCreatedReservations: made === undefined ? [] : [linkTo(place, 'reservations', made)],
      fulfilledCount: String(made === undefined ? 0 : specificSkuProperties.totalCount),
    },
  };
}

function freeName(world: World, place: Place, wanted: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!world.reservations.has(keyOf({ ...place, name }))) return name;
  }
}
