import { bootFactorOf } from '../faults/machines.ts';
import { lognormalMs } from '../random.ts';
import type { Timers } from '../timers.ts';
import type { CurrentAction, Instance, Plane, World } from '../world.ts';
import type { Failures, Problem } from './failures.ts';
import type { Ids } from './ids.ts';
import type { Machine } from './machine.ts';
import { billState, instanceFrom } from './making.ts';
import { keyOf } from './resources.ts';
import { roomFor } from './room.ts';
import { drainingMs, profileOf } from './settings.ts';

/** A managed instance group tries again after this long, ms. */
const RETRY_MS = 30_000;
/** Share of a create that is PROVISIONING; the rest is STAGING. */
const PROVISIONING_SHARE = 0.4;
/** A create that is delayed takes this many times longer. */
const SLOW_CREATE_FACTOR = 5;
/** Changes that need no restart take this long, ms. */
const REFRESH_MS = 1000;

/** Thrown when an instance that is to be created only once cannot be. */
export class GaveUp extends Error {
  override name = 'GaveUp';
}

/** Called with what went wrong when the only attempt failed. */
export type OnlyOnce = (problem: Problem) => void;

/** What brings a machine from one state into another, with the delays of the cloud; an order cuts any of it short. */
export class Transitions {
  private readonly world: World;
  private readonly plane: Plane;
  private readonly timers: Timers;
  private readonly ids: Ids;
  private readonly failures: Failures;

  constructor(world: World, plane: Plane, timers: Timers, ids: Ids, failures: Failures) {
    this.world = world;
    this.plane = plane;
    this.timers = timers;
    this.ids = ids;
    this.failures = failures;
  }

  beginLife(machine: Machine, onlyOnce: OnlyOnce | undefined): Promise<void> {
    machine.initLeftMs = profileOf(this.world, machine.instance.metadata).initMs;
    const action = onlyOnce ? 'CREATING_WITHOUT_RETRIES' : 'CREATING';
    return this.boot(machine, action, this.createDelayMs(), onlyOnce);
  }

  /** From nothing, SUSPENDED or TERMINATED to RUNNING; tries for ever while the zone or the quota has no room. */
  private async boot(
    machine: Machine,
    action: CurrentAction,
    delayMs: number,
    onlyOnce?: OnlyOnce,
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

  resume(machine: Machine): Promise<void> {
    return this.boot(machine, 'RESUMING', this.delayMs('resume'));
  }

  /** A started instance has lost its memory: the application initialises anew. */
  async start(machine: Machine, action: CurrentAction): Promise<void> {
    machine.initLeftMs = profileOf(this.world, machine.instance.metadata).initMs;
    await this.boot(machine, action, this.delayMs('start'));
  }

  async suspend(machine: Machine): Promise<void> {
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
  async takeDown(machine: Machine, action: CurrentAction, drains: boolean): Promise<void> {
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

  /** The same name, and the next specification, on another machine. */
  async recreate(machine: Machine): Promise<void> {
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

  /** Off and on again in its place, by the next specification. */
  async restart(machine: Machine): Promise<void> {
    await this.takeDown(machine, 'RESTARTING', true);
    this.renewSpec(machine);
    await this.start(machine, 'RESTARTING');
  }

  async refresh(machine: Machine): Promise<void> {
    machine.instance.currentAction = 'REFRESHING';
    this.renewSpec(machine);
    await machine.takes(REFRESH_MS);
  }

  /** The application begins anew, the machine stays. */
  async reset(machine: Machine): Promise<void> {
    const { instance } = machine;
    if (instance.status !== 'RUNNING') return;
    await this.powerOff(instance);
    machine.initLeftMs = profileOf(this.world, instance.metadata).initMs;
    machine.poweredOnAt = this.world.clock.now();
    await this.plane.powerOn(instance, machine.initLeftMs);
  }

  async remove(instance: Instance): Promise<void> {
    instance.currentAction = 'DELETING';
    const { status } = instance;
    if (status === 'RUNNING') await this.timers.sleep(drainingMs(this.world, instance));
    instance.status = 'STOPPING';
    await this.powerOff(instance);
    if (status === 'RUNNING') await this.timers.sleep(this.delayMs('stop'));
    this.bill(instance, undefined);
  }

  /** Its memory is given up. */
  endSuspension({ instance }: Machine): void {
    instance.status = 'TERMINATED';
    this.bill(instance, 'stopped');
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
