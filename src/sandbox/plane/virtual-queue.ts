import type { AppProfile } from '../world.ts';

/** What became of one request: 503 at once when the queue was full, else 200 after waiting and service. */
export interface Outcome {
  status: 200 | 503;
  /** Waiting plus service, ms of sandbox time. 0 for a refused request. */
  latencyMs: number;
}

/**
 * One instance as a first-in-first-out queue with several workers, in sandbox time (G/M/c/K with K = workers + queue).
 * It never sleeps: given arrival times it computes when each request starts and ends, so it is exact at any speed.
 */
export class VirtualQueue {
  readonly #profile: AppProfile;
  readonly #random: () => number;
  readonly #onBusy: (from: number, to: number) => void;
  /** When each worker is free again. */
  readonly #freeAt: number[];
  /** Starts of accepted requests that may still be waiting, ascending (first in, first out). */
  #starts: number[] = [];
  #lastArrival: number;

  /**
   * @param random uniform over [0, 1): service times are exponential with mean `serviceMs`.
   * @param since start of the queue's life, sandbox ms; no arrival lies before it.
   * @param onBusy told of every span in which one worker is busy.
   */
  constructor(
    profile: AppProfile,
    random: () => number,
    since: number,
    onBusy: (from: number, to: number) => void = () => {},
  ) {
    this.#profile = profile;
    this.#random = random;
    this.#onBusy = onBusy;
    this.#lastArrival = since;
    this.#freeAt = Array.from({ length: profile.workers }, () => since);
  }

  /** One request at `at`, sandbox ms. An arrival that is told late counts as arriving with the one before it. */
  arrive(at: number): Outcome {
    const now = Math.max(at, this.#lastArrival);
    this.#lastArrival = now;
    this.#forgetStarted(now);
    const worker = this.#freeAt.indexOf(Math.min(...this.#freeAt));
    const start = Math.max(now, this.#freeAt[worker]!);
    if (start > now && this.#starts.length >= this.#profile.queue) return { status: 503, latencyMs: 0 };
    const end = start - Math.log(1 - this.#random()) * this.#profile.serviceMs;
    this.#freeAt[worker] = end;
    if (start > now) this.#starts.push(start);
    this.#onBusy(start, end);
    return { status: 200, latencyMs: end - now };
  }

  /**
   * A request on the wire that stands for `standsFor` requests: they arrive uniformly over the time since the arrival
   * before, the last one at `at`. Returns what became of the last one.
   */
  arriveMany(at: number, standsFor: number): Outcome {
    const from = this.#lastArrival;
    const to = Math.max(at, from);
    const others = Array.from({ length: standsFor - 1 }, () => from + this.#random() * (to - from));
    for (const arrival of others.sort((a, b) => a - b)) this.arrive(arrival);
    return this.arrive(to);
  }

  #forgetStarted(now: number): void {
    let started = 0;
    while (started < this.#starts.length && this.#starts[started]! <= now) started++;
    if (started > 0) this.#starts = this.#starts.slice(started);
  }
}
