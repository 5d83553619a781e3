import type { ApplicationSpec } from '../domain/application.ts';
import type { Settings } from '../domain/plan.ts';

/** What the worker looks after, as its workflow knows it now. */
export interface Applications {
  /** Throws UnknownApplicationError when none of that name is looked after. */
  find(application: string): Promise<{ spec: ApplicationSpec; settings: Settings }>;
}
