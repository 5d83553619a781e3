import type { Autoscaler } from '../compute/shapes.ts';
import { candidatesOf, capacityOf, readBalancing } from '../plane/backend-service.ts';
import type { Backend } from '../plane/backend-service.ts';
import type { PlaneExtras } from '../plane/plane.ts';
import { MINUTE_MS } from '../plane/traffic-meter.ts';
import type { Instance, InstanceStatus, Plane, Resource, World } from '../world.ts';
import { html, table } from './html.ts';
import type { Html } from './html.ts';

/** What the tables are made from: the world's resources, and the plane's traffic. */
export interface Shown {
  world: World;
  plane: Plane & PlaneExtras;
  loadBalancers: ReadonlyMap<string, { host: string; port: number }>;
}

const CLASSES = [200, 300, 400, 500];

/** Managed groups of a project: where they are, what is wanted and what there is. */
export function groupsTable({ world }: Shown, project: string): Html | undefined {
  const rows = entriesOf(world.groups, project).map(({ location, resource }) => {
    const instances = world.instancesOf(project, location, resource.name);
    const sizes = ['targetSize', 'targetSuspendedSize', 'targetStoppedSize'].map((field) =>
      Number(resource[field] ?? 0),
    );
    const actions = countBy(
      instances.filter(({ currentAction }) => currentAction !== 'NONE'),
      ({ currentAction }) => currentAction.toLowerCase(),
    );
    const errors = countBy(
      instances.filter(({ lastError }) => lastError),
      ({ lastError }) => lastError!.code,
    );
    return [
      resource.name,
      location,
      sizes.join(' / '),
      bar(instances),
      instances.filter(({ servingSince }) => servingSince !== undefined).length,
      told(actions),
      html`<b class="bad">${told(errors)}</b>`,
    ];
  });
  const wanted = 'Wanted: running / suspended / stopped';
  return table(
    'Instance groups',
    ['Group', 'Where', wanted, 'Instances', 'Serving', 'Actions', 'Errors'],
    rows,
  );
}

/** Every backend with its health, its part of the capacity and what it answered in the last whole minute. */
export function backendsTable(shown: Shown, project: string): Html | undefined {
  const { world, loadBalancers } = shown;
  const rows = entriesOf(world.backendServices, project).flatMap(({ resource: { name } }) => {
    const backends = readBalancing(world, project, name)?.backends ?? [];
    const capacities = backends.map((backend) => openCapacityOf(shown, name, backend));
    const total = capacities.reduce((sum, capacity) => sum + capacity, 0);
    const address = loadBalancers.get(name);
    const service = html`${name}${address && html` <small>${address.host}:${address.port}</small>`}`;
    if (backends.length === 0) return [[service, 'none', '', '', '', '']];
    return backends.map((backend, index) => [
      index === 0 && service,
      `${backend.name} (${backend.location})`,
      healthCell(shown, name, backend),
      backend.capacityScaler,
      share(capacities[index]!, total),
      requestsOf(shown, project, name, backend.name),
    ]);
  });
  const columns = [
    'Backend service',
    'Backend',
    'Healthy',
    'Capacity scaler',
    'Share',
    'Requests in the last minute',
  ];
  return table('Load balancing', columns, rows);
}

export function autoscalersTable({ world }: Shown, project: string): Html | undefined {
  const autoscalers = world.autoscalers as Map<string, Autoscaler>;
  const rows = entriesOf(autoscalers, project).map(({ location, resource }) => {
    const { mode, minNumReplicas, maxNumReplicas } = resource.autoscalingPolicy;
    const group = resource.target.split('/').at(-1);
    const sizes = `${minNumReplicas} to ${maxNumReplicas}`;
    return [resource.name, location, group, mode, sizes, resource.recommendedSize ?? 'none yet'];
  });
  return table('Autoscalers', ['Autoscaler', 'Where', 'Group', 'Mode', 'Size', 'Recommended'], rows);
}

/** What else exists, by name. */
export function othersTable({ world }: Shown, project: string): Html | undefined {
  const maps = {
    'Instance templates': world.templates,
    'Health checks': world.healthChecks,
    'URL maps': world.urlMaps,
    'Target HTTP proxies': world.targetHttpProxies,
    'Target HTTPS proxies': world.targetHttpsProxies,
    Certificates: world.sslCertificates,
    'Network endpoint groups': world.networkEndpointGroups,
  };
  const rows = Object.entries(maps).flatMap(([kind, map]) => {
    const names = entriesOf(map, project).map(({ location, resource }) =>
      location === 'global' ? resource.name : `${resource.name} (${location})`,
    );
    return names.length > 0 ? [[kind, names.join(', ')]] : [];
  });
  return table('Other resources', ['Kind', 'Names'], rows);
}

/** Resources of one project with where they are. */
export function entriesOf<R extends Resource>(map: ReadonlyMap<string, R>, project: string) {
  return [...map]
    .filter(([key]) => key.startsWith(`${project}/`))
    .map(([key, resource]) => ({ location: key.split('/')[1]!, resource }));
}

/** What the load balancer divides traffic by. */
function openCapacityOf({ world, plane }: Shown, service: string, backend: Backend): number {
  const open = new Set(candidatesOf(world, backend));
  const healthy = plane.health(service, backend).filter((seen) => seen.healthy && open.has(seen.instance));
  return capacityOf(backend, healthy.length);
}

/** Of the running instances. Nothing that runs is nothing bad: a group may be all in standby. */
function healthCell({ plane }: Shown, service: string, backend: Backend): Html {
  const seen = plane.health(service, backend).filter(({ instance }) => instance.status === 'RUNNING');
  if (seen.length === 0) return html`<span class="quiet">none runs</span>`;
  const healthy = seen.filter((entry) => entry.healthy).length;
  return html`<span class="${healthy === seen.length ? 'good' : 'bad'}">${healthy} of ${seen.length}</span>`;
}

function requestsOf({ world, plane }: Shown, project: string, service: string, group: string): string {
  const now = world.clock.now();
  const counts = CLASSES.map((status) => {
    const minutes = plane.meter(project, service).minutes(group, status, now - 2 * MINUTE_MS, now);
    return [`${status / 100}xx`, minutes.at(-1)?.requests ?? 0] as const;
  });
  return told(new Map(counts.filter(([, requests]) => requests > 0)));
}

function share(part: number, total: number): string {
  return total > 0 ? `${((100 * part) / total).toFixed(1)}%` : 'none';
}

/** One strip for all instances, divided by their statuses; what runs comes first. */
function bar(instances: Instance[]): Html {
  const runningFirst = [...instances].sort(
    (a, b) => Number(b.status === 'RUNNING') - Number(a.status === 'RUNNING'),
  );
  const counts = countBy(runningFirst, ({ status }) => status);
  return html`<span class="bar"
      >${[...counts].map(
        ([status, count]) =>
          html`<i class="${status.toLowerCase() as Lowercase<InstanceStatus>}" style="flex:${count}"></i>`,
      )}</span
    >
    ${told(counts)}`;
}

function countBy<T>(items: T[], read: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(read(item), (counts.get(read(item)) ?? 0) + 1);
  return counts;
}

function told(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`).join(', ');
}
