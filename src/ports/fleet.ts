import type { ApplicationSpec } from '../domain/application.ts';
import type { FleetState } from '../domain/plan.ts';
import type { TierCounts } from '../domain/tier.ts';

/** A mirror's managed instance group: enough to find it again and to prove that it is ours. */
export interface GroupRef {
  project: string;
  zone: string;
  name: string;
  /** Numeric id as a string, recorded at creation and compared before every destructive call. */
  id: string;
  template: string;
}

export interface GroupStatus extends TierCounts {
  /** Running, stable and passing the health check. `full` counts those. */
  exists: boolean;
  /** Every target is reached and nothing is in transition. */
  settled: boolean;
  /** Instances in transition. */
  pending: number;
  /** Codes of the newest failures, e.g. ZONE_RESOURCE_POOL_EXHAUSTED. */
  errors: string[];
}

/** A group that carries our marker, found by a sweep. */
export interface OwnedGroup extends GroupRef {
  application: string;
  /** Id of the mirror run that raised it. */
  run: string;
}

/** Who is asking: every write derives its request id from this (UUIDv5), so a retry changes nothing more. */
export interface WriteKey {
  /** Workflow id of the mirror run. */
  run: string;
  plan: string;
}

/**
 * Instances. Every write is idempotent. Errors: NoCapacityError, QuotaError, NotOursError (src/ports/errors.ts);
 * everything else is transient and may be retried.
 */
export interface Fleet {
  snapshot(spec: ApplicationSpec): Promise<FleetState>;
  /** Creates the mirror's template and group (size 0) from the primary's, or adopts them if they are this run's. */
  ensureGroup(spec: ApplicationSpec, zone: string, key: WriteKey): Promise<GroupRef>;
  /** One step towards the wanted counts: creates, resumes, starts, suspends or stops. Call until `status` is settled. */
  setTiers(group: GroupRef, wanted: TierCounts, key: WriteKey): Promise<GroupStatus>;
  status(group: GroupRef): Promise<GroupStatus>;
  /** Deletes group and template after checking prefix, marker and id by a fresh read; a no-op when gone. Resolves true when nothing is left. */
  removeGroup(group: GroupRef, key: WriteKey): Promise<boolean>;
  listOwned(project: string, zones: string[]): Promise<OwnedGroup[]>;
  /** The primary's autoscaler minimum, never below what it was recorded as (that is the caller's plan to keep). */
  setPrimaryMinimum(spec: ApplicationSpec, minimum: number, key: WriteKey): Promise<void>;
}
