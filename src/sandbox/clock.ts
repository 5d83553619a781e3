/** Sandbox time: origin and speed. The only place in the sandbox that reads the wall clock for "now". */
export class SandboxClock {
  readonly originMs: number;
  readonly wallOriginMs: number;
  readonly speed: number;

  constructor(originMs: number, speed: number, wallOriginMs = Date.now()) {
    this.originMs = originMs;
    this.speed = speed;
    this.wallOriginMs = wallOriginMs;
  }

  /** ms since the epoch, sandbox time, fractional at speed. performance.now is monotonic; the pair is fixed at start. */
  now(): number {
    return this.originMs + (Date.now() - this.wallOriginMs) * this.speed;
  }

  /** Runs `fn` after `delayMs` of sandbox time. */
  after(delayMs: number, fn: () => void): NodeJS.Timeout {
    return setTimeout(fn, Math.max(0, delayMs / this.speed));
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }
}
