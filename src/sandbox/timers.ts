import type { SandboxClock } from './clock.ts';

/** Timers in sandbox time that end together when the sandbox closes: what waits on them never goes on. */
export class Timers {
  private readonly clock: SandboxClock;
  private readonly pending = new Set<NodeJS.Timeout>();
  private closed = false;

  constructor(clock: SandboxClock) {
    this.clock = clock;
  }

  /** Runs `fn` after `ms` of sandbox time; the answer cancels it. */
  after(ms: number, fn: () => void): () => void {
    if (this.closed) return () => {};
    const timer = this.clock.after(ms, () => {
      this.pending.delete(timer);
      fn();
    });
    this.pending.add(timer);
    return () => {
      clearTimeout(timer);
      this.pending.delete(timer);
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  close(): void {
    this.closed = true;
    for (const timer of this.pending) clearTimeout(timer);
    this.pending.clear();
  }
}
