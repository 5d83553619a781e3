import { ApiError } from '../http.ts';
import type { Instance, World } from '../world.ts';
import type { Ids } from './ids.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Machine, Target } from './machine.ts';
import { REGIONS } from './quotas.ts';
import { invalid, keyOf, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { isServing } from './settings.ts';
import type { Group, Template } from './shapes.ts';

/** Which field of a group counts the instances of each target. */
const SIZES: readonly [Target, 'targetSize' | 'targetSuspendedSize' | 'targetStoppedSize'][] = [
  ['RUNNING', 'targetSize'],
  ['SUSPENDED', 'targetSuspendedSize'],
  ['STOPPED', 'targetStoppedSize'],
];
const SUFFIX_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Verbs of a group that move chosen instances from one target to another. */
export const MOVES = {
  suspendInstances: { from: 'RUNNING', to: 'SUSPENDED' },
  stopInstances: { from: 'RUNNING', to: 'STOPPED' },
  resumeInstances: { from: 'SUSPENDED', to: 'RUNNING' },
  startInstances: { from: 'STOPPED', to: 'RUNNING' },
} as const satisfies Record<string, { from: Target; to: Target }>;

/**
 * Makes managed instance groups hold what their target sizes say. Standby MANUAL: nothing resumes on its own;
 * SCALE_OUT_POOL: what is missing comes from the pool first, suspended before stopped, and the pool is filled up again.
 */
export class Groups {
  private readonly world: World;
  private readonly lifecycle: Lifecycle;
  private readonly ids: Ids;

  constructor(world: World, lifecycle: Lifecycle, ids: Ids) {
    this.world = world;
    this.lifecycle = lifecycle;
    this.ids = ids;
  }

  /** Machines of the group that are to stay. */
  members(place: Place, group: Group): Machine[] {
    return this.lifecycle
      .machinesOf(place.project, place.location, group.name)
      .filter((machine) => !machine.deleting);
  }

  /** Creates what is missing and deletes what is too much, per target. */
  reconcile(place: Place, group: Group): void {
    if (group.standbyPolicy?.mode === 'SCALE_OUT_POOL') this.takeFromPool(place, group);
    for (const [target, field] of SIZES) {
      const machines = this.members(place, group).filter((machine) => machine.target === target);
      const missing = group[field] - machines.length;
      for (let count = 0; count < missing; count += 1) this.add(place, group, target);
      if (missing < 0) for (const machine of this.leastUseful(machines, -missing)) machine.delete();
    }
  }

  /** Instances that are ready in the pool, as many as are missing, are brought up; the target sizes stay. */
  private takeFromPool(place: Place, group: Group): void {
    const members = this.members(place, group);
    const running = members.filter(({ target }) => target === 'RUNNING').length;
    const ready = (target: Target, status: string) =>
      members.filter((machine) => machine.target === target && machine.instance.status === status);
    const pool = [...ready('SUSPENDED', 'SUSPENDED'), ...ready('STOPPED', 'TERMINATED')];
    for (const machine of pool.slice(0, Math.max(0, group.targetSize - running))) machine.aim('RUNNING');
  }

  /** Suspends, stops, resumes or starts chosen instances, moving the target sizes along. Throws 400 for a wrong state. */
  move(place: Place, group: Group, verb: keyof typeof MOVES, links: string[], force: boolean): void {
    const { from, to } = MOVES[verb];
    const machines = this.chosen(place, group, links);
    for (const { instance, target } of machines) {
      const isUsable = target === from && (from !== 'RUNNING' || instance.status === 'RUNNING');
      if (!isUsable)
        throw invalid(
          'instances',
          instance.name,
          `${verb} takes instances that are ${from}; this one is ${instance.status} with target ${target}.`,
        );
    }
    this.shift(group, from, -machines.length);
    this.shift(group, to, machines.length);
    for (const machine of machines) machine.aim(to, force);
  }

  /** Deletes chosen instances and lowers the target sizes by them. */
  deleteInstances(place: Place, group: Group, links: string[]): void {
    for (const machine of this.chosen(place, group, links)) {
      this.shift(group, machine.target, -1);
      machine.delete();
    }
  }

  /** Drains and deletes every instance; resolves when the last is gone. */
  async empty(place: Place, group: Group): Promise<void> {
    for (const [, field] of SIZES) group[field] = 0;
    const machines = this.lifecycle.machinesOf(place.project, place.location, group.name);
    for (const machine of machines) machine.delete();
    await Promise.all(machines.map((machine) => machine.gone));
  }

  private chosen(place: Place, group: Group, links: string[]): Machine[] {
    const members = new Map(this.members(place, group).map((machine) => [machine.instance.name, machine]));
    // Named twice is meant once: every target size moves by instances, not by names.
    return [...new Set(links.map((link) => readLink(link, place).name))].map((name) => {
      const machine = members.get(name);
      if (machine) return machine;
      throw new ApiError(400, 'invalid', `'${name}' is not an instance of the group '${group.name}'.`);
    });
  }

  private shift(group: Group, target: Target, by: number): void {
    const [, field] = SIZES.find(([name]) => name === target)!;
    group[field] += by;
  }

  /** First what does not serve yet, then the newest. */
  private leastUseful(machines: Machine[], count: number): Machine[] {
    const rank = ({ instance }: Machine) => (isServing(this.world, instance) ? 1 : 0);
    return [...machines]
      .reverse()
      .sort((a, b) => rank(a) - rank(b) || b.instance.createdAt - a.instance.createdAt)
      .slice(0, count);
  }

  private add(place: Place, group: Group, target: Target): void {
    const reference = readLink(group.instanceTemplate, { project: place.project, location: 'global' });
    const template = this.world.templates.get(keyOf(reference)) as Template | undefined;
    if (!template)
      throw new Error(`Group ${group.name} refers to template ${reference.name}, which is gone.`);
    const { machineType, metadata, labels } = template.properties;
    const zone = this.zoneForNext(place, group);
    const instance: Instance = {
      id: this.ids.next(),
      project: place.project,
      zone,
      name: this.freshName({ ...place, location: zone }, group.baseInstanceName),
      machineType: readLink(machineType, place).name,
      template: template.name,
      group: group.name,
      groupLocation: place.location,
      status: 'PROVISIONING',
      currentAction: 'CREATING',
      ip: this.ids.nextAddress(),
      createdAt: this.world.clock.now(),
      spans: [],
      metadata: Object.fromEntries(metadata.items.map(({ key, value }) => [key, value])),
      labels,
    };
    this.lifecycle.create(instance, target);
  }

  /** A zonal group's own zone; of a regional group's zones the one that holds the fewest instances. */
  private zoneForNext(place: Place, group: Group): string {
    const zones = zonesOf(place, group);
    const load = new Map(zones.map((zone) => [zone, 0]));
    for (const { instance } of this.members(place, group))
      load.set(instance.zone, (load.get(instance.zone) ?? 0) + 1);
    return zones.reduce((least, zone) => (load.get(zone)! < load.get(least)! ? zone : least));
  }

  private freshName(place: Place, base: string): string {
    for (;;) {
      const letters = Array.from(
        { length: 4 },
        () => SUFFIX_LETTERS[Math.floor(this.world.random() * SUFFIX_LETTERS.length)],
      );
      const name = `${base}-${letters.join('')}`;
      if (!this.world.instances.has(keyOf({ ...place, name }))) return name;
    }
  }
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
