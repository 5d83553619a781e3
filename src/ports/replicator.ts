import type { ApplicationSpec } from '../domain/application.ts';
import type { GroupRef } from './fleet.ts';

export interface SyncState {
  ready: boolean;
  lagMs: number;
  why: string;
}

/** State. `none` is always ready; the gate in the mirror run asks all the same. */
export interface Replicator {
  prepare(spec: ApplicationSpec, group: GroupRef): Promise<void>;
  state(spec: ApplicationSpec, group: GroupRef): Promise<SyncState>;
  release(spec: ApplicationSpec, group: GroupRef): Promise<void>;
}
