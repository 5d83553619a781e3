import type { ApplicationSpec } from '../domain/application.ts';
import type { ZoneCapacity } from '../domain/plan.ts';

export interface CapacitySource {
  /** One entry per allowed zone. Cached on its own slower beat. */
  read(spec: ApplicationSpec): Promise<ZoneCapacity[]>;
}
