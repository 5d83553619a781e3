import type { Instance, World } from '../world.ts';
import type { Ids } from './ids.ts';
import type { Machine, Spec } from './machine.ts';
import { MACHINE_TYPES, REGIONS } from './quotas.ts';
import { invalid, keyOf, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import type { Group, Template, Version } from './shapes.ts';

const SUFFIX_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** What an instance of the group is made from: its version's template, then what the group and its own configuration add. */
export function specOf(world: World, place: Place, group: Group, version: Version, instance: string): Spec {
  const reference = readLink(version.instanceTemplate, { project: place.project, location: 'global' });
  const template = world.templates.get(keyOf(reference)) as Template | undefined;
  if (!template) throw new Error(`Group ${group.name} refers to template ${reference.name}, which is gone.`);
  const { machineType, metadata, labels, ...others } = template.properties;
  const added = group.allInstancesConfig?.properties;
  const own = readLink(machineType, place).name;
  return {
    template: template.name,
    ...(version.name === undefined ? {} : { version: version.name }),
    machineType: own,
    machineTypes: machineTypesOf(group, own),
    metadata: {
      ...Object.fromEntries(metadata.items.map(({ key, value }) => [key, value])),
      ...added?.metadata,
      ...group.configs?.[instance]?.preservedState.metadata,
    },
    labels: { ...labels, ...added?.labels },
    others,
  };
}

/** What the flexibility policy names, lowest rank first; the template's own type without one. */
function machineTypesOf(group: Group, own: string): string[] {
  const selections = Object.values(group.instanceFlexibilityPolicy?.instanceSelections ?? {});
  if (selections.length === 0) return [own];
  return [...selections].sort((a, b) => a.rank - b.rank).flatMap(({ machineTypes }) => machineTypes);
}

/** Throws 400 for a machine type that is not on offer: nothing could ever be created of it. */
export function checkFlexibility(group: Group): void {
  for (const machineType of machineTypesOf(group, '').filter((name) => name !== ''))
    if (!MACHINE_TYPES[machineType])
      throw invalid(
        'resource.instanceFlexibilityPolicy.instanceSelections.machineTypes',
        machineType,
        `Use ${Object.keys(MACHINE_TYPES).join(', ')}.`,
      );
}

export interface Identity {
  project: string;
  zone: string;
  name: string;
  group?: string;
  groupLocation?: string;
}

/** A new instance with a new id and address under that name. */
export function instanceFrom(identity: Identity, spec: Spec, ids: Ids, now: number): Instance {
  const { project, zone, name, group, groupLocation } = identity;
  return {
    id: ids.next(),
    project,
    zone,
    name,
    machineType: spec.machineTypes[0]!,
    ...(spec.template === undefined ? {} : { template: spec.template }),
    ...(spec.version === undefined ? {} : { version: spec.version }),
    ...(group === undefined ? {} : { group }),
    ...(groupLocation === undefined ? {} : { groupLocation }),
    status: 'PROVISIONING',
    currentAction: 'CREATING',
    ip: ids.nextAddress(),
    createdAt: now,
    spans: [],
    metadata: spec.metadata,
    labels: spec.labels,
    given: spec.others,
  };
}

/** Ends the open span of the bill and begins the next. */
export function billState(
  instance: Instance,
  now: number,
  state: Instance['spans'][number]['state'] | undefined,
): void {
  const open = instance.spans.at(-1);
  if (open && open.to === undefined) open.to = now;
  if (state) instance.spans.push({ state, from: now });
}

/** A zonal group's own zone; of a regional group's zones the one that holds the fewest of its instances. */
export function zoneForNext(place: Place, group: Group, members: Machine[]): string {
  const zones = zonesOf(place, group);
  const load = new Map(zones.map((zone) => [zone, 0]));
  for (const { instance } of members) load.set(instance.zone, (load.get(instance.zone) ?? 0) + 1);
  return zones.reduce((least, zone) => (load.get(zone)! < load.get(least)! ? zone : least));
}

/** Zones of a group: its own, or those that a regional group's distribution policy names (all of the region without). */
export function zonesOf({ location, project }: Place, group: Group): readonly string[] {
  const all = REGIONS[location];
  if (!all) return [location];
  const named = (group.distributionPolicy?.zones ?? []).map(
    ({ zone }) => readLink(zone, { project, location }).name,
  );
  return named.length > 0 ? named : all;
}

/** A name that no instance of the zone has. */
export function freshName(world: World, place: Place, base: string): string {
  for (;;) {
    const letters = Array.from(
      { length: 4 },
      () => SUFFIX_LETTERS[Math.floor(world.random() * SUFFIX_LETTERS.length)],
    );
    const name = `${base}-${letters.join('')}`;
    if (!world.instances.has(keyOf({ ...place, name }))) return name;
  }
}
