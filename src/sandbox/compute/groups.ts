import { ApiError } from '../http.ts';
import type { Instance, World } from '../world.ts';
import type { Ids } from './ids.ts';
import { isSaying, setConfigs } from './instance-configs.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Machine, Target } from './machine.ts';
import { freshName, instanceFrom, specOf, zoneForNext, zonesOf } from './making.ts';
import { invalid, keyOf, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { isServing } from './settings.ts';
import type { Group, InstanceConfig } from './shapes.ts';
import { surgeOf, versionForNext } from './versions.ts';

/** Which field of a group counts the instances of each target. */
const SIZES: readonly [Target, 'targetSize' | 'targetSuspendedSize' | 'targetStoppedSize'][] = [
  ['RUNNING', 'targetSize'],
  ['SUSPENDED', 'targetSuspendedSize'],
  ['STOPPED', 'targetStoppedSize'],
];

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

  /** Every machine of the group, those on their way out too. */
  machines(place: Place, group: Group): Machine[] {
    return this.lifecycle.machinesOf(place.project, place.location, group.name);
  }

  /** Machines of the group that are to stay. */
  members(place: Place, group: Group): Machine[] {
    return this.machines(place, group).filter(({ deleting, retiring }) => !deleting && !retiring);
  }

  /** Creates what is missing and deletes what is too much, per target. */
  reconcile(place: Place, group: Group): void {
    if (group.standbyPolicy?.mode === 'SCALE_OUT_POOL') this.takeFromPool(place, group);
    for (const [target, field] of SIZES) {
      const machines = this.members(place, group).filter((machine) => machine.target === target);
      const missing = group[field] - machines.length;
      const room = target === 'RUNNING' ? this.roomBesideRetiring(place, group) : missing;
      for (let count = 0; count < Math.min(missing, room); count += 1) this.add(place, group, target);
      if (missing < 0) for (const machine of this.leastUseful(machines, -missing)) machine.delete();
    }
  }

  /** While instances are being substituted there may be `maxSurge` more than the target size, and no more. */
  private roomBesideRetiring(place: Place, group: Group): number {
    const running = this.machines(place, group).filter(({ target }) => target === 'RUNNING');
    if (!running.some(({ retiring }) => retiring)) return Infinity;
    return Math.max(0, group.targetSize + surgeOf(place, group) - running.length);
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

  /**
   * Creates instances of these names beyond the target size, each tried once only: where that fails, the target size
   * goes down again. Throws 400 for a name that is taken.
   */
  createInstances(place: Place, group: Group, configs: InstanceConfig[]): void {
    const names = configs.map(({ name }) => name);
    if (new Set(names).size < names.length) throw invalid('instances', names, 'Give every name once.');
    for (const name of names)
      for (const zone of zonesOf(place, group))
        if (this.world.instances.has(keyOf({ ...place, location: zone, name })))
          throw invalid('instances.name', name, `There is an instance of that name in ${zone}.`);
    setConfigs(group, configs.filter(isSaying));
    group.targetSize += names.length;
    for (const name of names) this.add(place, group, 'RUNNING', name);
  }

  /** Deletes chosen instances and lowers the target sizes by them. */
  deleteInstances(group: Group, machines: Machine[]): void {
    for (const machine of machines) {
      this.shift(group, machine.target, -1);
      machine.delete();
    }
  }

  /** Lets chosen instances go their own ways and lowers the target sizes by them. */
  abandonInstances(group: Group, machines: Machine[]): void {
    for (const machine of machines) {
      this.shift(group, machine.target, -1);
      delete machine.instance.group;
      delete machine.instance.groupLocation;
    }
  }

  /** Drains and deletes every instance; resolves when the last is gone. */
  async empty(place: Place, group: Group): Promise<void> {
    for (const [, field] of SIZES) group[field] = 0;
    const machines = this.machines(place, group);
    for (const machine of machines) machine.delete();
    await Promise.all(machines.map((machine) => machine.gone));
  }

  /** The group's machines of those links. Throws 400 for one that is not among them, unless strangers are skipped. */
  chosen(place: Place, group: Group, links: string[], skipsStrangers = false): Machine[] {
    const members = new Map(this.members(place, group).map((machine) => [machine.instance.name, machine]));
    // Named twice is meant once: every target size moves by instances, not by names.
    return [...new Set(links.map((link) => readLink(link, place).name))].flatMap((name) => {
      const machine = members.get(name);
      if (machine) return [machine];
      if (skipsStrangers) return [];
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

  /** One more instance of a name of its own, or of the given one and then only if the first attempt succeeds. */
  private add(place: Place, group: Group, target: Target, given?: string): void {
    const members = this.members(place, group);
    const zone = zoneForNext(place, group, members);
    const name = given ?? freshName(this.world, { ...place, location: zone }, group.baseInstanceName);
    const spec = specOf(this.world, place, group, versionForNext(group, members, target), name);
    const identity = { project: place.project, zone, name, group: group.name, groupLocation: place.location };
    const instance: Instance = instanceFrom(identity, spec, this.ids, this.world.clock.now());
    const onlyOnce = { onlyOnce: () => this.shift(group, target, -1) };
    this.lifecycle.create(instance, { spec, target, ...(given === undefined ? {} : onlyOnce) });
  }
}
