import type { SandboxClock } from '../clock.ts';
import type { Timers } from '../timers.ts';
import type { Instance } from '../world.ts';

/** What its group wants an instance to be. */
export type Target = 'RUNNING' | 'SUSPENDED' | 'STOPPED';

/** Thrown out of a machine's waits when it is deleted. */
export class Deleted extends Error {
  override name = 'Deleted';
}

/** One instance on its way through life: its target, and waits that a change can cut short. */
export class Machine {
  readonly instance: Instance;
  target: Target;
  /** Suspend or stop without waiting for the standby policy's initial delay. */
  force = false;
  /** Initialisation of the application that is still ahead at the next power-on, ms of sandbox time. */
  initLeftMs: number;
  poweredOnAt = 0;
  /** Resolves when the instance is gone. */
  readonly gone: Promise<void>;
  markGone: () => void = () => {};
  deleting = false;
  private readonly clock: SandboxClock;
  private readonly timers: Timers;
  private wake: () => void = () => {};

  constructor(instance: Instance, target: Target, initLeftMs: number, clock: SandboxClock, timers: Timers) {
    this.instance = instance;
    this.target = target;
    this.initLeftMs = initLeftMs;
    this.clock = clock;
    this.timers = timers;
    this.gone = new Promise((resolve) => (this.markGone = resolve));
  }

  /** Sets another target; whoever waits for a change wakes up. */
  aim(target: Target, force = false): void {
    this.target = target;
    this.force = force;
    this.wake();
  }

  delete(): void {
    this.deleting = true;
    this.wake();
  }

  /** Waits the whole time whatever the target becomes; only deletion cuts it short, by throwing `Deleted`. */
  async takes(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (let left = ms; left > 0; left = until - this.clock.now()) {
      this.checkAlive();
      await this.changeWithin(left);
    }
    this.checkAlive();
  }

  /** Never ends but by deletion, which throws `Deleted`. */
  async takesForEver(): Promise<never> {
    for (;;) await this.changeWithin();
  }

  /** Resolves after `ms`, or as soon as target or deletion change; without `ms` at the next change. */
  async changeWithin(ms?: number): Promise<void> {
    this.checkAlive();
    await new Promise<void>((resolve) => {
      const cancel = ms === undefined ? () => {} : this.timers.after(ms, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
    this.checkAlive();
  }

  private checkAlive(): void {
    if (this.deleting) throw new Deleted();
  }
}
