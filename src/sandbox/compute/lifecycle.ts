import { bootFactorOf } from '../faults/machines.ts';
import { lognormalMs } from '../random.ts';
import type { Timers } from '../timers.ts';
import type { CurrentAction, Instance, Plane, World } from '../world.ts';
import type { Failures, Problem } from './failures.ts';
import { Interrupted, Machine } from './machine.ts';
import type { Order, Spec, Target } from './machine.ts';
import { billState, instanceFrom } from './making.ts';
import type { Ids } from './ids.ts';
import { keyOf } from './resources.ts';
import { roomFor } from './room.ts';
import {
  drainingMs,
  healthCheckIntervalMs,
  isRepaired,
  isServing,
  profileOf,
  standbyAt,
} from './settings.ts';

/** A managed instance group tries again after this long, ms. */
const RETRY_MS = 30_000;
/** Share of a create that is PROVISIONING; the rest is STAGING. */
const PROVISIONING_SHARE = 0.4;
/** A create that is delayed takes this many times longer. */
const SLOW_CREATE_FACTOR = 5;
/** Changes that need no restart take this long, ms. */
const REFRESH_MS = 1000;
/** Notice that a Spot instance gets, ms (documented: up to 30 s). */
const PREEMPTION_NOTICE_MS = 30_000;
/** Documented: longer than this nothing stays suspended, ms. */
export const LONGEST_SUSPENSION_MS = 60 * 24 * 3_600_000;

/** Thrown when an instance that is to be created only once cannot be. */
class GaveUp extends Error {
  override name = 'GaveUp';
}

export interface Creation {
  spec: Spec;
  target: Target;
  /** One attempt only; called with what went wrong when it failed. Without it attempts go on for ever. */
  onlyOnce?: (problem: Problem) => void;
}

/** What instances go through: creation, verification, suspension, stop, repair, their ways back, and deletion. */
export class Lifecycle {
  private readonly world: World;
  private readonly plane: Plane;
  private readonly timers: Timers;
  private readonly ids: Ids;
  private readonly failures: Failures;
  private readonly machines = new Map<string, Machine>();

  constructor(world: World, plane: Plane, timers: Timers, ids: Ids, failures: Failures) {
    this.world = world;
    this.plane = plane;
    this.timers = timers;
    this.ids = ids;
    this.failures = failures;
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

  private async live(machine: Machine, onlyOnce: Creation['onlyOnce']): Promise<void> {
    let next = () => this.beginLife(machine, onlyOnce);
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
        if (order === 'DELETE') return this.remove(machine.instance);
        next = () => this.obey(machine, order);
      }
    }
  }

  private beginLife(machine: Machine, onlyOnce: Creation['onlyOnce']): Promise<void> {
    machine.initLeftMs = profileOf(this.world, machine.instance.metadata).initMs;
    const action = onlyOnce ? 'CREATING_WITHOUT_RETRIES' : 'CREATING';
    return this.boot(machine, action, this.createDelayMs(), onlyOnce);
  }

  private async reachTarget(machine: Machine): Promise<void> {
    const { instance } = machine;
    while (!this.hasReached(machine)) {
      if (machine.target === 'RUNNING') {
        if (instance.status === 'SUSPENDED') await this.boot(machine, 'RESUMING', this.delayMs('resume'));
        else if (instance.status === 'TERMINATED') await this.start(machine, 'STARTING');
        else await this.verify(machine);
      } else if (instance.status === 'RUNNING') await this.standBy(machine, machine.target);
      // A standby instance whose target changed to the other standby state goes through RUNNING, as in a group.
      else await this.boot(machine, 'STARTING', this.delayMs('start'));
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
    if (order === 'REFRESH') return this.refresh(machine);
    if (order === 'RESET') return this.reset(machine);
    if (order === 'RECREATE') return this.recreate(machine);
    if (order === 'RESTART') {
      await this.takeDown(machine, 'RESTARTING', true);
      this.renewSpec(machine);
      return this.start(machine, 'RESTARTING');
    }
    await this.goDown(machine, order);
    if (
      order === 'LOSE' ||
      (machine.instance.group !== undefined && isRepaired(this.world, machine.instance))
    )
      await this.recreate(machine);
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
    if (order === 'SUSPEND') await this.suspend(machine);
    else await this.takeDown(machine, 'STOPPING', false);
    if (instance.group === undefined) machine.target = 'STOPPED';
    else machine.failed = true;
  }

  /** The same name, and the next specification, on another machine. */
  private async recreate(machine: Machine): Promise<void> {
    await this.takeDown(machine, 'RECREATING', true);
    const before = machine.instance;
    billState(before, this.world.clock.now(), undefined);
    this.world.graveyard.push(before);
    machine.spec = machine.nextSpec;
    machine.failed = false;
    machine.instance = instanceFrom(before, machine.spec, this.ids, this.world.clock.now());
    machine.instance.currentAction = 'RECREATING';
    this.world.instances.set(keyOf({ ...before, location: before.zone }), machine.instance);
    machine.initLeftMs = profileOf(this.world, machine.instance.metadata).initMs;
    await this.boot(machine, 'RECREATING', this.createDelayMs());
  }

  private async refresh(machine: Machine): Promise<void> {
    machine.instance.currentAction = 'REFRESHING';
    this.renewSpec(machine);
    await machine.takes(REFRESH_MS);
  }

  /** The application begins anew, the machine stays. */
  private async reset(machine: Machine): Promise<void> {
    const { instance } = machine;
    if (instance.status !== 'RUNNING') return;
    await this.powerOff(instance);
    machine.initLeftMs = profileOf(this.world, instance.metadata).initMs;
    machine.poweredOnAt = this.world.clock.now();
    await this.plane.powerOn(instance, machine.initLeftMs);
  }

  /** What can change on an instance that stays, changes. */
  private renewSpec(machine: Machine): void {
    const { instance, nextSpec } = machine;
    const { template, version, metadata, labels, machineType } = nextSpec;
    machine.spec = nextSpec;
    Object.assign(instance, { metadata, labels });
    if (template !== undefined) instance.template = template;
    if (version !== undefined) instance.version = version;
    if (instance.status === 'TERMINATED') instance.machineType = machineType;
  }

  /** From nothing, SUSPENDED or TERMINATED to RUNNING; tries for ever while the zone or the quota has no room. */
  private async boot(
    machine: Machine,
    action: CurrentAction,
    delayMs: number,
    onlyOnce?: Creation['onlyOnce'],
  ): Promise<void> {
    const { instance } = machine;
    instance.currentAction = action;
    for (;;) {
      const problem = roomFor(this.world, machine);
      if (!problem) break;
      instance.lastError = problem;
      this.failures.record({ at: this.world.clock.now(), instance, action, problem });
      if (onlyOnce) {
        onlyOnce(problem);
        throw new GaveUp();
      }
      await machine.takes(RETRY_MS);
    }
    delete instance.lastError;
    const slowness = action === 'RESUMING' ? 1 : bootFactorOf(this.world.faults, instance);
    instance.status = 'PROVISIONING';
    if (slowness === Infinity) await machine.takesForEver();
    await machine.takes(delayMs * slowness * PROVISIONING_SHARE);
    instance.status = 'STAGING';
    await machine.takes(delayMs * slowness * (1 - PROVISIONING_SHARE));
    instance.status = 'RUNNING';
    this.bill(instance, 'running');
    machine.poweredOnAt = this.world.clock.now();
    await this.plane.powerOn(instance, machine.initLeftMs * slowness);
  }

  /** A started instance has lost its memory: the application initialises anew. */
  private async start(machine: Machine, action: CurrentAction): Promise<void> {
    machine.initLeftMs = profileOf(this.world, machine.instance.metadata).initMs;
    await this.boot(machine, action, this.delayMs('start'));
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
    if (target === 'STOPPED') return this.takeDown(machine, 'STOPPING', true);
    await machine.takes(drainingMs(this.world, instance));
    await this.suspend(machine);
  }

  private async suspend(machine: Machine): Promise<void> {
    const { instance } = machine;
    if (instance.status !== 'RUNNING') return;
    instance.status = 'SUSPENDING';
    await this.powerOff(instance);
    const ranMs = this.world.clock.now() - machine.poweredOnAt;
    machine.initLeftMs = Math.max(0, machine.initLeftMs - ranMs);
    await machine.takes(this.delayMs('suspend'));
    instance.status = 'SUSPENDED';
    machine.suspendedAt = this.world.clock.now();
    this.bill(instance, 'suspended');
  }

  /** To TERMINATED from wherever it is. */
  private async takeDown(machine: Machine, action: CurrentAction, drains: boolean): Promise<void> {
    const { instance } = machine;
    instance.currentAction = action;
    const isOn = instance.status === 'RUNNING' || instance.servingSince !== undefined;
    if (drains && instance.status === 'RUNNING') await machine.takes(drainingMs(this.world, instance));
    instance.status = 'STOPPING';
    await this.powerOff(instance);
    if (isOn) await machine.takes(this.delayMs('stop'));
    instance.status = 'TERMINATED';
    this.bill(instance, 'stopped');
  }

  private suspensionLeftMs({ instance, suspendedAt }: Machine): number | undefined {
    if (instance.status !== 'SUSPENDED') return undefined;
    return Math.max(0, suspendedAt + LONGEST_SUSPENSION_MS - this.world.clock.now());
  }

  /** Terminated after the longest suspension; a group creates it anew, by itself it stays stopped. */
  private async endSuspension(machine: Machine): Promise<void> {
    machine.instance.status = 'TERMINATED';
    this.bill(machine.instance, 'stopped');
    if (machine.instance.group === undefined) machine.target = 'STOPPED';
    else await this.recreate(machine);
  }

  private async remove(instance: Instance): Promise<void> {
    instance.currentAction = 'DELETING';
    const { status } = instance;
    if (status === 'RUNNING') await this.timers.sleep(drainingMs(this.world, instance));
    instance.status = 'STOPPING';
    await this.powerOff(instance);
    if (status === 'RUNNING') await this.timers.sleep(this.delayMs('stop'));
    this.bill(instance, undefined);
  }

  private async powerOff(instance: Instance): Promise<void> {
    await this.plane.powerOff(instance);
    delete instance.servingSince;
  }

  private bill(instance: Instance, state: Instance['spans'][number]['state'] | undefined): void {
    billState(instance, this.world.clock.now(), state);
  }

  private delayMs(kind: 'create' | 'start' | 'resume' | 'suspend' | 'stop'): number {
    return lognormalMs(this.world.random, this.world.delays[kind]);
  }

  private createDelayMs(): number {
    const isSlow = this.world.random() < this.world.delays.slowCreateShare;
    return this.delayMs('create') * (isSlow ? SLOW_CREATE_FACTOR : 1);
  }
}
