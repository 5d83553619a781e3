import { REGIONS, regionOf } from '../compute/quotas.ts';
import { isServing } from '../compute/settings.ts';
import type { Instance, World } from '../world.ts';
import type { GeoPolicy, HealthCheckedTargets, PolicyItem, RecordSet, RoutingPolicy } from './record-sets.ts';

/** The benchmarking network: 198.18.<n>.0/24 stands for clients in the n-th region of the sandbox. */
const STAND_IN = /^198\.18\.(\d+)\./;

/** Data of a record set for a client at `address`: all of a plain one, what its policy picks of another. */
export function dataFor(world: World, { rrdatas, routingPolicy }: RecordSet, address: string): string[] {
  return routingPolicy ? byPolicy(world, routingPolicy, address) : (rrdatas ?? []);
}

function byPolicy(world: World, { wrr, geo, primaryBackup }: RoutingPolicy, address: string): string[] {
  if (wrr) return weighted(world, wrr.items);
  if (geo) return byLocation(world, geo, address);
  const { primaryTargets, backupGeoTargets, trickleTraffic } = primaryBackup!;
  const healthy = healthyOf(world, primaryTargets);
  const trickles = world.random() < trickleTraffic;
  return healthy.length > 0 && !trickles ? healthy : byLocation(world, backupGeoTargets, address);
}

/** One item, drawn by its weight; another instead of one whose targets are all unhealthy, while there is one. */
function weighted(world: World, items: (PolicyItem & { weight: number })[]): string[] {
  const healthy = items.filter((item) => item.weight > 0 && dataOf(world, item).length > 0);
  const open = healthy.length > 0 ? healthy : items.filter(({ weight }) => weight > 0);
  let left = world.random() * open.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = open.find(({ weight }) => (left -= weight) < 0) ?? open.at(-1);
  return drawn ? dataOrAll(world, drawn) : [];
}

/** The nearest item; without fencing the nearest that has a healthy answer. */
function byLocation(world: World, { items, enableFencing }: GeoPolicy, address: string): string[] {
  const region = regionOfClient(world, address);
  const nearest = items.toSorted((a, b) => distance(region, a.location) - distance(region, b.location));
  const healthy = enableFencing ? undefined : nearest.find((item) => dataOf(world, item).length > 0);
  return dataOrAll(world, healthy ?? nearest[0]!);
}

function dataOrAll(world: World, item: PolicyItem): string[] {
  const data = dataOf(world, item);
  // Where all are unhealthy the question is answered as if all were healthy.
  return data.length > 0 ? data : [...item.rrdatas, ...addressesOf(item.healthCheckedTargets)];
}

function dataOf(world: World, { rrdatas, healthCheckedTargets }: PolicyItem): string[] {
  return [...rrdatas, ...healthyOf(world, healthCheckedTargets)];
}

function healthyOf(world: World, targets: HealthCheckedTargets | undefined): string[] {
  return addressesOf(targets).filter((address) => {
    const instance = instanceAt(world, address);
    // Nothing is known of what is not the sandbox's own.
    return instance === undefined || (world.instances.has(keyOf(instance)) && isServing(world, instance));
  });
}

function addressesOf(targets: HealthCheckedTargets | undefined): string[] {
  const { externalEndpoints = [], internalLoadBalancers = [] } = targets ?? {};
  return [...externalEndpoints, ...internalLoadBalancers.map(({ ipAddress }) => ipAddress)];
}

/** The instance that has or had this address. */
function instanceAt(world: World, address: string): Instance | undefined {
  return (
    [...world.instances.values()].find(({ ip }) => ip === address) ??
    world.graveyard.find(({ ip }) => ip === address)
  );
}

function keyOf({ project, zone, name }: Instance): string {
  return `${project}/${zone}/${name}`;
}

/** The region of a client: that of an instance, or what the stand-in network says; the first where neither is known. */
function regionOfClient(world: World, address: string): string {
  const regions = Object.keys(REGIONS);
  const instance = instanceAt(world, address);
  if (instance) return regionOf(instance.zone);
  return regions[Number(STAND_IN.exec(address)?.[1] ?? 0)] ?? regions[0]!;
}

/** 0 in the same region, 1 on the same continent, 2 elsewhere. */
function distance(a: string, b: string): number {
  if (a === b) return 0;
  return a.split('-')[0] === b.split('-')[0] ? 1 : 2;
}
