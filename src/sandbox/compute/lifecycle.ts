import { bootFactorOf, stockOutOf } from '../faults/machines.ts';
import { lognormalMs } from '../random.ts';
import type { Timers } from '../timers.ts';
import type { CurrentAction, Instance, Plane, World } from '../world.ts';
import { Deleted, Machine } from './machine.ts';
import type { Target } from './machine.ts';
import { quotaExceeded } from './quotas.ts';
import { keyOf } from './resources.ts';
import { takeReservation } from './reservations/use.ts';
import { drainingMs, healthCheckIntervalMs, isServing, profileOf, standbyAt } from './settings.ts';

/** A managed instance group tries again after this long, ms. */
const RETRY_MS = 30_000;
/** Share of a create that is PROVISIONING; the rest is STAGING. */
const PROVISIONING_SHARE = 0.4;
/** A create that is delayed takes this many times longer. */
const SLOW_CREATE_FACTOR = 5;

/** What instances go through: creation, verification, suspension, stop, their ways back, and deletion. */
export class Lifecycle {
  private readonly world: World;
  private readonly plane: Plane;
  private readonly timers: Timers;
  private readonly machines = new Map<string, Machine>();

  constructor(world: World, plane: Plane, timers: Timers) {
    this.world = world;
    this.plane = plane;
    this.timers = timers;
  }

  /** Puts the instance into the world and lets it live until it is deleted. */
  create(instance: Instance, target: Target): void {
    const { initMs } = profileOf(this.world, instance.metadata);
    const machine = new Machine(instance, target, initMs, this.world.clock, this.timers);
    const key = keyOf({ ...instance, location: instance.zone });
    this.world.instances.set(key, instance);
    this.machines.set(key, machine);
    void this.live(machine).then(() => {
      this.world.instances.delete(key);
      this.machines.delete(key);
      this.world.graveyard.push(instance);
      machine.markGone();
    });
  }

  machinesOf(project: string, location: string, group: string): Machine[] {
    return this.world
      .instancesOf(project, location, group)
      .map((instance) => this.machines.get(keyOf({ ...instance, location: instance.zone })))
      .filter((machine) => machine !== undefined);
  }

  private async live(machine: Machine): Promise<void> {
    try {
      await this.boot(machine, 'CREATING', this.createDelayMs());
      for (;;) {
        await this.reachTarget(machine);
        await machine.changeWithin();
      }
    } catch (error) {
      if (!(error instanceof Deleted)) throw error;
      await this.remove(machine.instance);
    }
  }

  private async reachTarget(machine: Machine): Promise<void> {
    const { instance } = machine;
    while (!this.hasReached(machine)) {
      if (machine.target === 'RUNNING') {
        if (instance.status === 'SUSPENDED') await this.boot(machine, 'RESUMING', this.delayMs('resume'));
        else if (instance.status === 'TERMINATED') await this.start(machine);
        else await this.verify(machine);
      } else if (instance.status === 'RUNNING') await this.standBy(machine, machine.target);
      // A standby instance whose target changed to the other standby state goes through RUNNING, as in a group.
      else await this.boot(machine, 'STARTING', this.delayMs('start'));
    }
    instance.currentAction = 'NONE';
  }

  private hasReached({ instance, target }: Machine): boolean {
    if (target === 'SUSPENDED') return instance.status === 'SUSPENDED';
    if (target === 'STOPPED') return instance.status === 'TERMINATED';
    const mustVerify = healthCheckIntervalMs(this.world, instance) !== undefined;
    return instance.status === 'RUNNING' && (!mustVerify || isServing(this.world, instance));
  }

  /** From nothing, SUSPENDED or TERMINATED to RUNNING; tries for ever while the zone or the quota has no room. */
  private async boot(machine: Machine, action: CurrentAction, delayMs: number): Promise<void> {
    const { instance } = machine;
    instance.currentAction = action;
    for (;;) {
      const problem = this.noRoom(instance);
      if (!problem) break;
      instance.lastError = problem;
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
  private async start(machine: Machine): Promise<void> {
    machine.initLeftMs = profileOf(this.world, machine.instance.metadata).initMs;
    await this.boot(machine, 'STARTING', this.delayMs('start'));
  }

  private async verify(machine: Machine): Promise<void> {
    machine.instance.currentAction = 'VERIFYING';
    await machine.changeWithin(healthCheckIntervalMs(this.world, machine.instance) ?? 0);
  }

  private async standBy(machine: Machine, target: 'SUSPENDED' | 'STOPPED'): Promise<void> {
    const { instance } = machine;
    const suspends = target === 'SUSPENDED';
    instance.currentAction = suspends ? 'SUSPENDING' : 'STOPPING';
    const waitMs = machine.force ? 0 : standbyAt(this.world, instance) - this.world.clock.now();
    if (waitMs > 0) {
      await machine.changeWithin(waitMs);
      return;
    }
    await machine.takes(drainingMs(this.world, instance));
    instance.status = suspends ? 'SUSPENDING' : 'STOPPING';
    await this.powerOff(instance);
    const ranMs = this.world.clock.now() - machine.poweredOnAt;
    machine.initLeftMs = Math.max(0, machine.initLeftMs - ranMs);
    await machine.takes(this.delayMs(suspends ? 'suspend' : 'stop'));
    instance.status = suspends ? 'SUSPENDED' : 'TERMINATED';
    this.bill(instance, suspends ? 'suspended' : 'stopped');
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

  private noRoom(instance: Instance): Instance['lastError'] {
    const unavailable = takeReservation(this.world, instance);
    if (unavailable) return unavailable;
    const code = instance.reservation === undefined ? stockOutOf(this.world.faults, instance) : undefined;
    if (code !== undefined) {
      return {
        code,
        message:
          `The zone 'projects/${instance.project}/zones/${instance.zone}' does not have enough resources available ` +
          `to fulfill the request. Try a different zone, or try again later.`,
      };
    }
    const problem = quotaExceeded(this.world, instance);
    // Whoever waits for room keeps nobody from a reservation.
    if (problem) delete instance.reservation;
    return problem;
  }

  /** Ends the open span of the bill and begins the next. */
  private bill(instance: Instance, state: Instance['spans'][number]['state'] | undefined): void {
    const now = this.world.clock.now();
    const open = instance.spans.at(-1);
    if (open && open.to === undefined) open.to = now;
    if (state) instance.spans.push({ state, from: now });
  }

  private delayMs(kind: 'create' | 'start' | 'resume' | 'suspend' | 'stop'): number {
    return lognormalMs(this.world.random, this.world.delays[kind]);
  }

  private createDelayMs(): number {
    const isSlow = this.world.random() < this.world.delays.slowCreateShare;
    return this.delayMs('create') * (isSlow ? SLOW_CREATE_FACTOR : 1);
  }
}
