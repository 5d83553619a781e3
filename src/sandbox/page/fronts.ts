import type { ForwardingRule, TargetProxy, UrlMap } from '../compute/load-balancing/shapes.ts';
import { servicesOf } from '../compute/load-balancing/url-maps.ts';
import { statusAt } from '../compute/reservations/progress.ts';
import type { FutureReservation, Reservation } from '../compute/reservations/shapes.ts';
import { usersOf } from '../compute/reservations/use.ts';
import { entriesOf } from './compute.ts';
import type { Shown } from './compute.ts';
import { table } from './html.ts';
import type { Html } from './html.ts';

/** Every forwarding rule with the way behind it. */
export function frontsTable({ world }: Shown, project: string): Html | undefined {
  const place = { project, location: 'global' };
  const rules = world.forwardingRules as Map<string, ForwardingRule>;
  const rows = entriesOf(rules, project).map(({ resource: { name, IPAddress, portRange, target } }) => {
    const proxyName = nameOf(target);
    const isSecure = target.includes('/targetHttpsProxies/');
    const proxies = (isSecure ? world.targetHttpsProxies : world.targetHttpProxies) as Map<
      string,
      TargetProxy
    >;
    const mapName = nameOf(proxies.get(`${project}/global/${proxyName}`)?.urlMap ?? '');
    const map = world.urlMaps.get(`${project}/global/${mapName}`) as UrlMap | undefined;
    const services = map ? [...servicesOf(map, place)].join(', ') : 'none';
    const address = `${isSecure ? 'https' : 'http'}://${IPAddress}:${Number.parseInt(portRange)}`;
    return [name, address, proxyName, mapName, services];
  });
  return table('Forwarding rules', ['Rule', 'Address', 'Proxy', 'URL map', 'Backend services'], rows);
}

/** Reservations with what is used of them, and requests for future ones. */
export function reservationsTable({ world }: Shown, project: string): Html | undefined {
  const now = entriesOf(world.reservations as Map<string, Reservation>, project).map(
    ({ location, resource: { name, specificReservation } }) => {
      const used = usersOf(world, { project, location }, name).length;
      const { count, instanceProperties } = specificReservation;
      return [name, location, `${count} × ${instanceProperties.machineType}`, `${used} of ${count} in use`];
    },
  );
  const later = entriesOf(world.futureReservations as Map<string, FutureReservation>, project).map(
    ({ location, resource }) => {
      const { totalCount, instanceProperties } = resource.specificSkuProperties;
      const status = `${statusAt(resource, world.clock.now())}, from ${resource.timeWindow.startTime}`;
      return [resource.name, location, `${totalCount} × ${instanceProperties.machineType}`, status];
    },
  );
  return table('Reservations', ['Reservation', 'Where', 'Machines', 'State'], [...now, ...later]);
}

function nameOf(link: string): string {
  return link.split('/').at(-1)!;
}
