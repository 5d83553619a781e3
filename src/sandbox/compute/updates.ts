import type { Timers } from '../timers.ts';
import type { World } from '../world.ts';
import type { Groups } from './groups.ts';
import type { Machine, Spec } from './machine.ts';
import { specOf } from './making.ts';
import { invalid } from './resources.ts';
import type { Place } from './resources.ts';
import { healthCheckIntervalMs, isServing } from './settings.ts';
import type { Action, Group } from './shapes.ts';
import { intendedVersions, unavailableOf, surgeOf } from './versions.ts';

/** What may be done to an instance, the least disruptive first. */
const ACTIONS: readonly Action[] = ['NONE', 'REFRESH', 'RESTART', 'REPLACE'];
/** How often proactive updates go on, ms. */
const LOOK_MS = 5_000;

/** Brings instances to what their group's configuration says now: on demand, or rolling through the group. */
export class Updates {
  private readonly world: World;
  private readonly groups: Groups;
  private readonly timers: Timers;

  constructor(world: World, groups: Groups, timers: Timers) {
    this.world = world;
    this.groups = groups;
    this.timers = timers;
    this.lookAgain();
  }

  /**
   * Updates these machines at once, by what each needs and `minimal` at least. Throws 400, having changed nothing, when
   * one needs more than `most`.
   */
  apply(place: Place, group: Group, machines: Machine[], minimal: Action, most: Action): void {
    const wanted = this.wantedSpecs(place, group);
    const actions = machines.map((machine) => {
      const action = greater(minimal, differenceOf(machine.spec, wanted.get(machine)!));
      if (isMore(action, most))
        throw invalid(
          'mostDisruptiveAllowedAction',
          most,
          `'${machine.instance.name}' needs ${action} to be updated.`,
        );
      return { machine, action };
    });
    for (const { machine, action } of actions) update(machine, wanted.get(machine)!, action);
  }

  /** Recreates these machines by the group's configuration, whatever they are. */
  recreate(place: Place, group: Group, machines: Machine[]): void {
    const wanted = this.wantedSpecs(place, group);
    for (const machine of machines) update(machine, wanted.get(machine)!, 'REPLACE');
  }

  /** Whether every instance is of its intended version, and as the configuration for all instances says. */
  isReached(place: Place, group: Group): boolean {
    return this.outdated(place, group).length === 0;
  }

  /** One step of a proactive update, within what may be unavailable and beyond the target size. */
  roll(place: Place, group: Group): void {
    if (group.deleting) return;
    this.deleteSubstituted(place, group);
    if (group.updatePolicy?.type === 'PROACTIVE')
      for (const { machine, spec, action, retires } of this.nextToUpdate(place, group)) {
        if (retires) machine.retiring = true;
        else update(machine, spec, action);
      }
    if (this.groups.machines(place, group).some(({ retiring }) => retiring))
      this.groups.reconcile(place, group);
  }

  private lookAgain(): void {
    this.timers.after(LOOK_MS, () => {
      for (const [key, group] of this.world.groups) {
        const [project, location] = key.split('/');
        this.roll({ project: project!, location: location! }, group as Group);
      }
      this.lookAgain();
    });
  }

  /** Those whose turn it is, as many as the policy allows to be under way at once. */
  private nextToUpdate(place: Place, group: Group) {
    const { minimalAction, mostDisruptiveAllowedAction, replacementMethod } = group.updatePolicy!;
    const running = this.groups.machines(place, group).filter(({ target }) => target === 'RUNNING');
    const mayBeDown = unavailableOf(place, group);
    let mayGoDown = mayBeDown - running.filter((machine) => !this.isAvailable(machine)).length;
    let mayRetire = mayBeDown + surgeOf(place, group) - running.filter(({ retiring }) => retiring).length;
    return this.outdated(place, group)
      .map(({ machine, spec, action }) => ({ machine, spec, action: greater(action, minimalAction) }))
      .filter(({ action }) => !isMore(action, mostDisruptiveAllowedAction))
      .map((due) => ({
        ...due,
        retires:
          due.action === 'REPLACE' && replacementMethod === 'SUBSTITUTE' && due.machine.target === 'RUNNING',
      }))
      .filter(({ machine, action, retires }) => {
        // A change without a stop, and any change of a standby instance, makes nothing unavailable.
        if (action === 'REFRESH' || machine.target !== 'RUNNING') return true;
        if (machine.instance.currentAction !== 'NONE') return false;
        return retires ? mayRetire-- > 0 : mayGoDown-- > 0;
      });
  }

  /** Deletes retiring instances as soon as enough others are available. */
  private deleteSubstituted(place: Place, group: Group): void {
    const running = this.groups
      .machines(place, group)
      .filter(({ target, deleting }) => target === 'RUNNING' && !deleting);
    let available = running.filter((machine) => this.isAvailable(machine)).length;
    const least = group.targetSize - unavailableOf(place, group);
    for (const machine of running.filter(({ retiring }) => retiring)) {
      if (this.isAvailable(machine)) {
        if (available - 1 < least) return;
        available -= 1;
      }
      machine.delete();
    }
  }

  private isAvailable({ instance, deleting }: Machine): boolean {
    if (deleting || instance.status !== 'RUNNING') return false;
    if (instance.currentAction !== 'NONE') return false;
    return healthCheckIntervalMs(this.world, instance) === undefined || isServing(this.world, instance);
  }

  private outdated(place: Place, group: Group): { machine: Machine; spec: Spec; action: Action }[] {
    return [...this.wantedSpecs(place, group)]
      .map(([machine, spec]) => ({ machine, spec, action: differenceOf(machine.nextSpec, spec) }))
      .filter(({ action }) => action !== 'NONE');
  }

  private wantedSpecs(place: Place, group: Group): Map<Machine, Spec> {
    const members = this.groups.members(place, group);
    return new Map(
      [...intendedVersions(group, members)].map(([machine, version]) => [
        machine,
        specOf(this.world, place, group, version, machine.instance.name),
      ]),
    );
  }
}

/** The least that makes one specification of the other: metadata and labels change without a stop. */
function differenceOf(is: Spec, wanted: Spec): Action {
  const differ = (...fields: (keyof Spec)[]) =>
    fields.some((field) => JSON.stringify(is[field]) !== JSON.stringify(wanted[field]));
  if (differ('others')) return 'REPLACE';
  if (differ('machineType')) return 'RESTART';
  return differ('metadata', 'labels', 'template', 'version') ? 'REFRESH' : 'NONE';
}

function update(machine: Machine, spec: Spec, action: Action): void {
  if (action === 'NONE') return;
  machine.nextSpec = spec;
  const { instance } = machine;
  const isIdle = ['NONE', 'VERIFYING'].includes(instance.currentAction);
  if (action === 'REFRESH' && isIdle) machine.interrupt('REFRESH');
  else if (action === 'RESTART' && isIdle && instance.status === 'RUNNING') machine.interrupt('RESTART');
  else machine.interrupt('RECREATE');
}

function greater(a: Action, b: Action): Action {
  return isMore(a, b) ? a : b;
}

function isMore(a: Action, b: Action): boolean {
  return ACTIONS.indexOf(a) > ACTIONS.indexOf(b);
}
