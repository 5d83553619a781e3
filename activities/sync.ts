import type { ApplicationSpec } from '../src/domain/application.ts';
import type { Clock } from '../src/ports/clock.ts';
import type { GroupRef } from '../src/ports/fleet.ts';
import type { Replicator, SyncState } from '../src/ports/replicator.ts';
import { until, withHeartbeat } from './waiting.ts';

export interface SyncDeps {
  replicator: Replicator;
  clock: Clock;
}

export interface SyncInput {
  spec: ApplicationSpec;
  group: GroupRef;
}

export function createSyncActivities({ replicator, clock }: SyncDeps) {
  return {
    /** The gate before traffic: prepares the mirror's state and resolves once it is ready. Cancellable. */
    sync: ({ spec, group }: SyncInput): Promise<SyncState> =>
      withHeartbeat(async () => {
        await replicator.prepare(spec, group);
        return await until(clock.speed, async () => {
          const state = await replicator.state(spec, group);
          return state.ready ? state : undefined;
        });
      }),

    releaseState: ({ spec, group }: SyncInput): Promise<void> =>
      withHeartbeat(() => replicator.release(spec, group)),
  };
}
