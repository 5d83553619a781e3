import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApplicationSpec } from '../src/domain/application.ts';
import type { ForecastDigest } from '../src/domain/forecast.ts';
import type { Decision, DecisionMemory, Plan, Settings } from '../src/domain/plan.ts';
import type { Movable } from '../src/domain/settings.ts';
import type { TierCounts } from '../src/domain/tier.ts';
import type { GroupRef } from '../src/ports/fleet.ts';

// ---- application/<name> ------------------------------------------------------------------------------------------

/** State that survives continue-as-new. Versioned: new code must read old input. */
export interface ApplicationState {
  v: 1;
  settings: Settings;
  memory: DecisionMemory;
  paused?: { reason: string };
  /** Held until released, whatever the forecast says. Keyed by zone. */
  forced: Record<string, TierCounts>;
  removing?: { reason: string };
  /** Live mirror runs by zone. */
  runs: Record<string, RunSummary>;
  /** Counter for mirror run ids: mirror/<application>/<zone>/<n>. */
  nextRun: number;
  /** The primary's autoscaler minimum before we first raised it; restored at removal. */
  primaryMinimumBefore?: number;
  /** What we last set it to. */
  primaryMinimum?: number;
  lastForecast?: ForecastDigest;
  lastDecision?: Decision;
  /** Why the settings are what they are; absent while they are the defaults. */
  tuned?: { why: string };
  /** The newest drift of demand that feedback told of. */
  drift?: ToldDrift;
  /** Configured, but not yet looked at by the loop. */
  pendingSpec?: ApplicationSpec;
}

export interface RunSummary {
  workflowId: string;
  zone: string;
  wanted: TierCounts;
  phase: MirrorPhase;
  serving: number;
}

export interface ApplicationInput {
  spec: ApplicationSpec;
  /** Application seconds per wall second (DESIGN.md §6). */
  speed: number;
  state?: ApplicationState;
  /** Test hook: continue as new beyond this many events, whatever the server suggests. */
  maxHistoryLength?: number;
}

export interface ReasonInput {
  reason: string;
}
export interface ForceInput extends TierCounts {
  zone: string;
  reason: string;
}
export interface ReleaseInput {
  zone: string;
}
export interface ConfigureInput {
  spec: ApplicationSpec;
}

export interface RetuneInput {
  /** Those that change; within the bounds that feedback has in all. */
  settings: Partial<Pick<Settings, Movable>>;
  why: string;
}

// Each verb is an update (an operator wants an answer) and a signal of the same name (for `temporal workflow signal`).
export const pauseUpdate = defineUpdate<string, [ReasonInput]>('pause');
export const pauseSignal = defineSignal<[ReasonInput]>('pause');
export const resumeUpdate = defineUpdate<string, []>('resume');
export const resumeSignal = defineSignal<[]>('resume');
export const forceMirroringUpdate = defineUpdate<string, [ForceInput]>('forceMirroring');
export const forceMirroringSignal = defineSignal<[ForceInput]>('forceMirroring');
export const releaseUpdate = defineUpdate<string, [ReleaseInput]>('release');
export const releaseSignal = defineSignal<[ReleaseInput]>('release');
export const configureUpdate = defineUpdate<string, [ConfigureInput]>('configure');
export const configureSignal = defineSignal<[ConfigureInput]>('configure');
export const retuneUpdate = defineUpdate<string, [RetuneInput]>('retune');
export const retuneSignal = defineSignal<[RetuneInput]>('retune');
export const removeUpdate = defineUpdate<string, [ReasonInput]>('remove');
export const removeSignal = defineSignal<[ReasonInput]>('remove');

export const stateQuery = defineQuery<ApplicationView>('state');
export const planQuery = defineQuery<Plan | undefined>('plan');
export const explanationQuery = defineQuery<Decision | undefined>('explanation');

/** The specification, with what was learnt of it, and the settings that it works by: what its past is worked out by. */
export const specificationQuery = defineQuery<{ spec: ApplicationSpec; settings: Settings }>('specification');

/** What `premirror status` shows. */
export interface ApplicationView {
  application: string;
  mode: ApplicationSpec['mode'];
  phase: ApplicationPhase;
  paused?: { reason: string };
  forced: Record<string, TierCounts>;
  runs: RunSummary[];
  /** The primary's minimum before we first raised it; absent while we have not. */
  primaryMinimumBefore?: number;
  forecast?: ForecastDigest;
  decision?: Decision;
}

export type ApplicationPhase = 'observing' | 'idle' | 'mirroring' | 'paused' | 'removing';

// ---- mirror/<application>/<zone>/<n> -----------------------------------------------------------------------------

export type MirrorPhase =
  'raising' | 'syncing' | 'routing' | 'serving' | 'standby' | 'draining' | 'retiring' | 'retired' | 'failed';

/** A compensation as data, so that it survives continue-as-new. Undone last in, first out. */
export type Compensation =
  /** Before the group's id is known: whatever of this run is found in the zone. */
  | { kind: 'removeRaised' }
  | { kind: 'removeGroup'; group: GroupRef }
  | { kind: 'detach'; group: GroupRef }
  | { kind: 'releaseState'; group: GroupRef };

export interface MirrorRunState {
  v: 1;
  wanted: TierCounts;
  plan: string;
  phase: MirrorPhase;
  group?: GroupRef;
  attached: boolean;
  /** As last confirmed, 0 or 1. */
  share: number;
  /** Traffic may flow: set before the share is raised, cleared once it has drained. */
  mayServe: boolean;
  /** Instances ready to serve, as last seen. */
  serving: number;
  compensations: Compensation[];
}

export interface MirrorRunInput {
  spec: ApplicationSpec;
  zone: string;
  /** Plan that raised it. */
  plan: string;
  wanted: TierCounts;
  speed: number;
  /** Workflow id to tell of changes. */
  parent: string;
  state?: MirrorRunState;
  maxHistoryLength?: number;
}

/** A later plan reaches the live run. All zero: retire. */
export const adjustSignal = defineSignal<[{ plan: string; wanted: TierCounts }]>('adjust');
/** A mirror run tells its application. `error` when it failed, e.g. NoCapacityError. */
export interface MirrorChange {
  zone: string;
  workflowId: string;
  phase: MirrorPhase;
  serving: number;
  /** What the run now drives at: less than was asked for where the zone did not give more. */
  wanted: TierCounts;
  error?: string;
}
export const mirrorChangedSignal = defineSignal<[MirrorChange]>('mirrorChanged');

/** Feedback tells the application of the newest drift of the last days; in words, for people. */
export interface ToldDrift {
  /** When it was certain enough, ms since the epoch. */
  at: number;
  text: string;
}
export const driftedSignal = defineSignal<[ToldDrift]>('drifted');
export const mirrorStateQuery = defineQuery<MirrorRunState>('state');
