import { StoppedError } from './stop-request.ts';
import type { Teller } from './teller.ts';

/**
 * The end of the sandbox before its run's. It keeps everything in its memory: whatever still waits for an answer that
 * needs it waits in vain, and there is nothing left to take down or to measure.
 */
export class SandboxLoss {
  readonly #happened = new AbortController();

  /** Aborted when the sandbox has died. */
  get signal(): AbortSignal {
    return this.#happened.signal;
  }

  /** Notes that it died. */
  note(why: string): void {
    this.#happened.abort(new StoppedError(why));
  }

  /** What `work` resolves to. Throws StoppedError as soon as the sandbox has died. */
  async unless<T>(work: Promise<T>): Promise<T> {
    const lost = new Promise<never>((_, reject) =>
      this.signal.addEventListener('abort', () => reject(this.signal.reason as Error)),
    );
    return Promise.race([work, lost]);
  }

  /** Says what went with it, what has not, and what to do. `namespace`: the run's own, of Temporal. */
  tell(teller: Teller, namespace: string | undefined): void {
    const { message: why } = this.signal.reason as StoppedError;
    const workflows = namespace
      ? ` Its workflows stay as they were in the Temporal namespace ${namespace}; later runs have their own.`
      : '';
    teller.tell(
      'sandboxLost',
      { why, namespace },
      `Nothing more can be done: ${why}. ` +
        "Lost with it: this run's instances, groups, load balancers and metrics, and so the report on both " +
        `twins. Nothing outside the sandbox was touched, and nothing has to be removed by hand.${workflows} ` +
        'To start again, with a new and empty sandbox: premirror up',
    );
  }
}
