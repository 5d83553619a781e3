/** Why the run should end. The first reason counts. */
export class StopRequest {
  readonly asked: Promise<string>;
  #ask: (why: string) => void = () => undefined;
  #why: string | undefined;

  constructor() {
    this.asked = new Promise((resolve) => (this.#ask = resolve));
  }

  ask(why: string): void {
    this.#why ??= why;
    this.#ask(why);
  }

  get why(): string | undefined {
    return this.#why;
  }

  /** Between two steps of the start-up: throws when the run should end already. */
  check(): void {
    if (this.#why) throw new StoppedError(this.#why);
  }
}

/** The start-up was left because somebody asked for it, not because it failed. */
export class StoppedError extends Error {
  override name = 'StoppedError';
}

/**
 * Ctrl-C and SIGTERM ask for a stop, once; later ones are answered with what is still being taken down. Returns how to
 * stop listening.
 */
export function listenForSignals(stop: StopRequest, again: () => void): () => void {
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.why) again();
    else stop.ask(signal === 'SIGINT' ? 'Ctrl-C' : signal);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
