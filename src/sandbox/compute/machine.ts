import type { SandboxClock } from '../clock.ts';
import type { Timers } from '../timers.ts';
import type { Instance } from '../world.ts';

/** What its group, or its owner, wants an instance to be. */
export type Target = 'RUNNING' | 'SUSPENDED' | 'STOPPED';

/** What an instance is made from. */
export interface Spec {
  /** Name of the template, and of the group's version that led to it; a single instance may have neither. */
  template?: string;
  version?: string;
  machineType: string;
  /** What it may run on instead, best first, itself among them. */
  machineTypes: readonly string[];
  metadata: Record<string, string>;
  labels: Record<string, string>;
  /** Everything else, of which the sandbox acts on `scheduling` only. */
  others: Record<string, unknown>;
}

/**
 * What is done to an instance whatever it is doing just then: by its group, by its owner behind the group's back
 * (`STOP`, `SUSPEND`, `LOSE`), or by Google (`PREEMPT`).
 */
export type Order =
  'DELETE' | 'RECREATE' | 'RESTART' | 'REFRESH' | 'RESET' | 'STOP' | 'SUSPEND' | 'LOSE' | 'PREEMPT';

/** Thrown by a wait of a machine that is given an order meanwhile. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly order: Order;

  constructor(order: Order) {
    super(order);
    this.order = order;
  }
}

/** No timer of Node waits longer than this, ms of the wall clock. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** One instance on its way through life: its target, and waits that a change can cut short. */
export class Machine {
  /** The instance as it is now: recreated it is another one of the same name. */
  instance: Instance;
  /** What it was made from, and what it is to be made from at the next chance. */
  spec: Spec;
  nextSpec: Spec;
  target: Target;
  /** Suspend or stop without waiting for the standby policy's initial delay. */
  force = false;
  /** To be deleted as soon as its substitute serves; it does not count for its group any more. */
  retiring = false;
  /** Went down behind its group's back, and is not to be repaired. */
  failed = false;
  /** Initialisation of the application that is still ahead at the next power-on, ms of sandbox time. */
  initLeftMs: number;
  poweredOnAt = 0;
  suspendedAt = 0;
  /** Resolves when the instance is gone. */
  readonly gone: Promise<void>;
  private order: Order | undefined;
  private readonly clock: SandboxClock;
  private readonly timers: Timers;
  private wake: () => void = () => {};
  private endLife: () => void = () => {};
  private waiting: (() => void)[] = [];

  constructor(instance: Instance, spec: Spec, target: Target, clock: SandboxClock, timers: Timers) {
    this.instance = instance;
    this.spec = spec;
    this.nextSpec = spec;
    this.target = target;
    this.initLeftMs = 0;
    this.clock = clock;
    this.timers = timers;
    this.gone = new Promise((resolve) => (this.endLife = resolve));
  }

  get deleting(): boolean {
    return this.order === 'DELETE';
  }

  /** Sets another target; whoever waits for a change wakes up. */
  aim(target: Target, force = false): void {
    this.target = target;
    this.force = force;
    this.failed = false;
    this.wake();
  }

  /** Cuts short whatever it is doing. Nothing comes after a deletion. */
  interrupt(order: Order): void {
    if (this.deleting) return;
    this.order = order;
    this.wake();
  }

  delete(): void {
    this.interrupt('DELETE');
  }

  /** Resolves when the instance has reached its target, or is gone. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  markSettled(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  markGone(): void {
    this.endLife();
    this.markSettled();
  }

  /** Waits the whole time whatever the target becomes; only an order cuts it short, by throwing `Interrupted`. */
  async takes(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    for (let left = ms; left > 0; left = until - this.clock.now()) await this.changeWithin(left);
    this.checkUndisturbed();
  }

  /** Never ends but by an order, which throws `Interrupted`. */
  async takesForEver(): Promise<never> {
    for (;;) await this.changeWithin();
  }

  /** Resolves after `ms` at the latest, and as soon as the target changes; without `ms` at the next change. */
  async changeWithin(ms?: number): Promise<void> {
    this.checkUndisturbed();
    await new Promise<void>((resolve) => {
      const longest = LONGEST_TIMER_MS * this.clock.speed;
      const cancel = ms === undefined ? () => {} : this.timers.after(Math.min(ms, longest), resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
    this.checkUndisturbed();
  }

  private checkUndisturbed(): void {
    const { order } = this;
    if (order === undefined) return;
    if (order !== 'DELETE') this.order = undefined;
    throw new Interrupted(order);
  }
}
