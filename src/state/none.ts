import type { Replicator } from '../ports/replicator.ts';

/** For applications that keep no state of their own: always in step. */
export function createNoneReplicator(): Replicator {
  return {
    prepare: async () => undefined,
    state: async () => ({ ready: true, lagMs: 0, why: 'the application keeps no state of its own' }),
    release: async () => undefined,
  };
}
