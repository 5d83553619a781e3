import type { Timers } from '../timers.ts';
import type { Instance, World } from '../world.ts';
import { Interrupted, Machine } from './machine.ts';
import type { Order, Spec, Target } from './machine.ts';
import { keyOf } from './resources.ts';
import { drainingMs, healthCheckIntervalMs, isRepaired, isServing, standbyAt } from './settings.ts';
import { GaveUp } from './transitions.ts';
import type { OnlyOnce, Transitions } from './transitions.ts';

/** Notice that a Spot instance gets, ms (documented: up to 30 s). */
const PREEMPTION_NOTICE_MS = 30_000;
/** Documented: longer than this nothing stays suspended, ms. */
const LONGEST_SUSPENSION_MS = 60 * 24 * 3_600_000;

export interface Creation {
  spec: Spec;
  target: Target;
  /** One attempt only; without it attempts go on for ever. */
  onlyOnce?: OnlyOnce;
}

/** What instances live through: towards their target, by the orders that they are given, until they are deleted. */
export class Lifecycle {
  private readonly world: World;
  private readonly timers: Timers;
  private readonly transitions: Transitions;
  private readonly machines = new Map<string, Machine>();

  constructor(world: World, timers: Timers, transitions: Transitions) {
    this.world = world;
    this.timers = timers;
    this.transitions = transitions;
  }

  /** Puts the instance into the world and lets it live until it is deleted. */
  create(instance: Instance, { spec, target, onlyOnce }: Creation): Machine {
    const machine = new Machine(instance, spec, target, this.world.clock, this.timers);
    const key = keyOf({ ...instance, location: instance.zone });
    this.world.instances.set(key, instance);
    this.machines.set(key, machine);
    void this.live(machine, onlyOnce).then(() => {
      this.world.instances.delete(key);
      this.machines.delete(key);
      this.world.graveyard.push(machine.instance);
      machine.markGone();
    });
    return machine;
  }

  machineOf(instance: Instance): Machine | undefined {
    return this.machines.get(keyOf({ ...instance, location: instance.zone }));
  }

  machinesOf(project: string, location: string, group: string): Machine[] {
    return this.world
      .instancesOf(project, location, group)
      .map((instance) => this.machineOf(instance))
      .filter((machine) => machine !== undefined);
  }

  private async live(machine: Machine, onlyOnce: OnlyOnce | undefined): Promise<void> {
    let next = () => this.transitions.beginLife(machine, onlyOnce);
    for (;;) {
      try {
        await next();
        for (;;) {
          await this.reachTarget(machine);
          await machine.changeWithin(this.suspensionLeftMs(machine));
          if (this.suspensionLeftMs(machine) === 0) await this.endSuspension(machine);
        }
      } catch (error) {
        if (error instanceof GaveUp) return;
        if (!(error instanceof Interrupted)) throw error;
        const { order } = error;
        if (order === 'DELETE') return this.transitions.remove(machine.instance);
        next = () => this.obey(machine, order);
      }
    }
  }

  private async reachTarget(machine: Machine): Promise<void> {
    const { instance } = machine;
    while (!this.hasReached(machine)) {
      // A standby instance whose target changed to the other standby state goes through RUNNING, as in a group.
      if (instance.status === 'SUSPENDED') await this.transitions.resume(machine);
      else if (instance.status === 'TERMINATED') await this.transitions.start(machine, 'STARTING');
      else if (machine.target === 'RUNNING') await this.verify(machine);
      else await this.standBy(machine, machine.target);
    }
    instance.currentAction = 'NONE';
    machine.markSettled();
  }

  private hasReached({ instance, target, failed }: Machine): boolean {
    if (failed) return true;
    if (target === 'SUSPENDED') return instance.status === 'SUSPENDED';
    if (target === 'STOPPED') return instance.status === 'TERMINATED';
    const mustVerify = healthCheckIntervalMs(this.world, instance) !== undefined;
    return instance.status === 'RUNNING' && (!mustVerify || isServing(this.world, instance));
  }

  /** Does what was ordered; what the target asks for comes after it. */
  private async obey(machine: Machine, order: Exclude<Order, 'DELETE'>): Promise<void> {
    if (order === 'REFRESH') return this.transitions.refresh(machine);
    if (order === 'RESET') return this.transitions.reset(machine);
    if (order === 'RECREATE') return this.transitions.recreate(machine);
    if (order === 'RESTART') return this.transitions.restart(machine);
    await this.goDown(machine, order);
    const { group } = machine.instance;
    const isMadeUpFor = group !== undefined && isRepaired(this.world, machine.instance);
    if (order === 'LOSE' || isMadeUpFor) await this.transitions.recreate(machine);
  }

  /** What happens to an instance behind its group's back. */
  private async goDown(machine: Machine, order: 'STOP' | 'SUSPEND' | 'LOSE' | 'PREEMPT'): Promise<void> {
    const { instance } = machine;
    if (order === 'PREEMPT') {
      instance.status = 'STOPPING';
      await machine.takes(PREEMPTION_NOTICE_MS);
      const deletes = machine.spec.others['scheduling'] as { instanceTerminationAction?: string } | undefined;
      if (instance.group === undefined && deletes?.instanceTerminationAction === 'DELETE') machine.delete();
    }
    if (order === 'SUSPEND') await this.transitions.suspend(machine);
    else await this.transitions.takeDown(machine, 'STOPPING', false);
    if (instance.group === undefined) machine.target = 'STOPPED';
    else machine.failed = true;
  }

  private async verify(machine: Machine): Promise<void> {
    machine.instance.currentAction = 'VERIFYING';
    await machine.changeWithin(healthCheckIntervalMs(this.world, machine.instance) ?? 0);
  }

  private async standBy(machine: Machine, target: 'SUSPENDED' | 'STOPPED'): Promise<void> {
    const { instance } = machine;
    instance.currentAction = target === 'SUSPENDED' ? 'SUSPENDING' : 'STOPPING';
    const waitMs = machine.force ? 0 : standbyAt(this.world, instance) - this.world.clock.now();
    if (waitMs > 0) {
      await machine.changeWithin(waitMs);
      return;
    }
    if (target === 'STOPPED') return this.transitions.takeDown(machine, 'STOPPING', true);
    await machine.takes(drainingMs(this.world, instance));
    await this.transitions.suspend(machine);
  }

  private suspensionLeftMs({ instance, suspendedAt }: Machine): number | undefined {
    if (instance.status !== 'SUSPENDED') return undefined;
    return Math.max(0, suspendedAt + LONGEST_SUSPENSION_MS - this.world.clock.now());
  }

  /** Terminated after the longest suspension; a group creates it anew, by itself it stays stopped. */
  private async endSuspension(machine: Machine): Promise<void> {
    this.transitions.endSuspension(machine);
    if (machine.instance.group === undefined) machine.target = 'STOPPED';
    else await this.transitions.recreate(machine);
  }
}
