import { Agent, get } from 'node:http';
import type { SandboxClock } from '../clock.ts';
import type { Instance } from '../world.ts';
import type { Check } from './backend-service.ts';
import type { Address } from './instance-server.ts';

/** Shortest round on the wall: at extreme speeds checking slows down instead of eating the machine. */
const SHORTEST_ROUND_WALL_MS = 20;

interface Health {
  healthy: boolean;
  /** Answers in a row that contradict `healthy`. */
  contrary: number;
}

/** Really asks every instance for its health, again and again, and flips its view after a threshold of answers. */
export class Prober {
  readonly #clock: SandboxClock;
  readonly #addressOf: (instance: Instance) => Address | undefined;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #health = new WeakMap<Instance, Health>();
  #round?: NodeJS.Timeout;
  #closed = false;

  constructor(clock: SandboxClock, addressOf: (instance: Instance) => Address | undefined) {
    this.#clock = clock;
    this.#addressOf = addressOf;
  }

  /** Starts checking, round after round. `next` gives whom to check in this round, and how. */
  start(next: () => { instances: Instance[]; check: Check }): void {
    const round = async () => {
      const began = this.#clock.now();
      const { instances, check } = next();
      await Promise.all(instances.map((instance) => this.#check(instance, check)));
      if (this.#closed) return;
      const restMs = check.intervalMs - (this.#clock.now() - began);
      this.#round = this.#clock.after(Math.max(restMs, SHORTEST_ROUND_WALL_MS * this.#clock.speed), () => {
        void round();
      });
    };
    void round();
  }

  isHealthy(instance: Instance): boolean {
    return this.#health.get(instance)?.healthy ?? false;
  }

  /** A newly started instance must prove itself again. */
  forget(instance: Instance): void {
    this.#health.delete(instance);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#round);
    this.#agent.destroy();
  }

  async #check(instance: Instance, check: Check): Promise<void> {
    const address = this.#addressOf(instance);
    const before = this.#health.get(instance);
    const answered = address !== undefined && (await this.#ask(address, check));
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
    return new Promise((resolve) => {
      const request = get({ ...address, path: check.path, agent: this.#agent }, (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode === 200));
      });
      const timeout = this.#clock.after(
        Math.max(check.timeoutMs, SHORTEST_ROUND_WALL_MS * this.#clock.speed),
        () => request.destroy(),
      );
      request.once('close', () => {
        clearTimeout(timeout);
        resolve(false);
      });
      request.once('error', () => resolve(false));
    });
  }
}
