import { get } from 'node:http';
import type { Agent } from 'node:http';
import { connect } from 'node:net';
import type { SandboxClock } from '../clock.ts';
import type { Instance } from '../world.ts';
import type { Check } from './backend-service.ts';
import type { Address } from './instance-server.ts';

/** Shortest time between two slices on the wall: at extreme speeds checking slows down instead of eating the machine. */
const SHORTEST_STEP_WALL_MS = 20;
/** Shortest timeout on the wall: at high speed a busy machine of ours must not look like an unhealthy instance. */
const SHORTEST_TIMEOUT_WALL_MS = 500;
/** A timer that is so late says that this process stood still, and its instances with it. */
const STALL_WALL_MS = 100;
/** Probes of a slice, while an interval has room for enough slices. */
const SLICE = 8;

interface Health {
  healthy: boolean;
  /** Answers in a row that contradict `healthy`. */
  contrary: number;
}

/** Really asks every instance for its health, again and again, and flips its view after a threshold of answers. */
export class Prober {
  readonly #clock: SandboxClock;
  readonly #addressOf: (instance: Instance) => Address | undefined;
  readonly #agent: Agent;
  readonly #health = new WeakMap<Instance, Health>();
  readonly #dueAt = new WeakMap<Instance, number>();
  readonly #probing = new WeakSet<Instance>();
  #step?: NodeJS.Timeout;

  /** @param agent keeps the connections, which its owner closes. */
  constructor(clock: SandboxClock, agent: Agent, addressOf: (instance: Instance) => Address | undefined) {
    this.#clock = clock;
    this.#agent = agent;
    this.#addressOf = addressOf;
  }

  /**
   * Starts checking: every instance once an interval, a new one with the next slice. `next` gives whom to check now, and
   * how. What is due goes out in slices spread over the interval: all at once would hold up traffic.
   */
  start(next: () => { instances: Instance[]; check: Check }): void {
    const { instances, check } = next();
    const affordable = Math.floor(check.intervalMs / this.#clock.speed / SHORTEST_STEP_WALL_MS);
    const slices = Math.max(1, Math.min(Math.ceil(instances.length / SLICE), affordable));
    const stepMs = Math.max(check.intervalMs / slices, SHORTEST_STEP_WALL_MS * this.#clock.speed);
    const now = this.#clock.now();
    const dueAt = (instance: Instance) => this.#dueAt.get(instance) ?? 0;
    const due = instances.filter((instance) => dueAt(instance) <= now).sort((a, b) => dueAt(a) - dueAt(b));
    for (const instance of due.slice(0, Math.ceil(instances.length / slices))) {
      // Half a step early: a timer that fires a little soon must not cost a whole step.
      this.#dueAt.set(instance, now + check.intervalMs - stepMs / 2);
      if (!this.#probing.has(instance)) void this.#check(instance, check);
    }
    this.#step = this.#clock.after(stepMs, () => this.start(next));
  }

  isHealthy(instance: Instance): boolean {
    return this.#health.get(instance)?.healthy ?? false;
  }

  /** A newly started instance must prove itself again. */
  forget(instance: Instance): void {
    this.#health.delete(instance);
  }

  close(): void {
    clearTimeout(this.#step);
  }

  async #check(instance: Instance, check: Check): Promise<void> {
    const address = this.#addressOf(instance);
    const before = this.#health.get(instance);
    this.#probing.add(instance);
    const answered = address !== undefined && (await this.#ask(address, check));
    this.#probing.delete(instance);
    if (this.#health.get(instance) !== before) return; // restarted meanwhile
    const health = before ?? { healthy: false, contrary: 0 };
    health.contrary = answered === health.healthy ? 0 : health.contrary + 1;
    if (health.contrary >= (answered ? check.healthyThreshold : check.unhealthyThreshold)) {
      health.healthy = answered;
      health.contrary = 0;
    }
    this.#health.set(instance, health);
  }

  #ask(address: Address, check: Check): Promise<boolean> {
    const timeoutMs = Math.max(check.timeoutMs, SHORTEST_TIMEOUT_WALL_MS * this.#clock.speed);
    return check.type === 'TCP'
      ? this.#connect(address, timeoutMs)
      : this.#get(address, check.path, timeoutMs);
  }

  /** Calls after the time, unless what it returns is called before. A stall of this process does not count. */
  #limit(timeoutMs: number, expire: () => void): () => void {
    const dueAt = this.#clock.now() + timeoutMs;
    let timer = this.#clock.after(timeoutMs, () => {
      const lateMs = this.#clock.now() - dueAt;
      if (lateMs > STALL_WALL_MS * this.#clock.speed) timer = this.#clock.after(timeoutMs, expire);
      else expire();
    });
    return () => clearTimeout(timer);
  }

  #connect(address: Address, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(address, () => {
        resolve(true);
        socket.destroy();
      });
      const answeredInTime = this.#limit(timeoutMs, () => socket.destroy());
      socket.once('close', () => {
        answeredInTime();
        resolve(false);
      });
      socket.once('error', () => resolve(false));
    });
  }

  #get(address: Address, path: string, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const request = get({ ...address, path, agent: this.#agent }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
      });
      const answeredInTime = this.#limit(timeoutMs, () => request.destroy());
      request.once('close', () => {
        answeredInTime();
        resolve(false);
      });
      request.once('error', () => resolve(false));
    });
  }
}
