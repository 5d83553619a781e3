import type { ApplicationSpec } from '../domain/application.ts';
import type { GroupRef, WriteKey } from './fleet.ts';

export interface RouteState {
  attached: boolean;
  /** Capacity scaler or DNS weight in force, 0..1. */
  share: number;
  /** Instances of the group that the router itself sees healthy. */
  healthy: number;
}

/** Traffic. Every write is idempotent and never touches anybody else's backend or record. */
export interface Router {
  state(spec: ApplicationSpec, group: GroupRef): Promise<RouteState>;
  /** Adds the group with a share of 0, so that health can be seen before traffic flows. */
  attach(spec: ApplicationSpec, group: GroupRef, key: WriteKey): Promise<void>;
  /** Share 0..1; refuses a share above 0 while no instance is healthy (invariant 1). */
  shift(spec: ApplicationSpec, group: GroupRef, share: number, key: WriteKey): Promise<void>;
  /** Share 0, waits out draining is the caller's task, then removes the backend. Never the last one. */
  detach(spec: ApplicationSpec, group: GroupRef, key: WriteKey): Promise<void>;
  /** How long in-flight requests may still run after a share of 0, ms of application time. */
  drainMs(spec: ApplicationSpec): Promise<number>;
}
