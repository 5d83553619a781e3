import { asLearnt } from '../src/domain/learnt-spec.ts';
import { DEFAULT_SETTINGS } from '../src/domain/settings.ts';
import { EMPTY_MEMORY } from '../src/domain/plan.ts';
import type { DecisionMemory } from '../src/domain/plan.ts';
import type {
  ApplicationInput,
  ApplicationPhase,
  ApplicationState,
  ApplicationView,
  RunSummary,
} from './messages.ts';

/** How long a zone that ran dry is left alone, ms of application time. */
const DRY_MS = 15 * 60_000;

/** One run of the application's workflow: what is carried over continue-as-new, and what is not. */
export interface Application {
  input: ApplicationInput;
  spec: ApplicationInput['spec'];
  state: ApplicationState;
  /** Something happened that the loop should look at now rather than at its next look. */
  wake: boolean;
  /** Runs that this run of the workflow has started or reached: proof that they live. */
  reached: Set<string>;
  /** Runs of an earlier life in a zone where we have another: they retire. */
  strangers: string[];
  /** Search attributes as last written. */
  shown: string;
  /** When and why the loop looks again, for people. */
  nextLook: string;
  /** What went wrong at the last look. */
  trouble?: string;
}

export function begin(input: ApplicationInput): Application {
  const state: ApplicationState = {
    v: 1,
    memory: EMPTY_MEMORY,
    forced: {},
    runs: {},
    nextRun: 1,
    ...input.state,
    // A state that was carried from before a setting came to be has it as everybody starts with it.
    settings: { ...DEFAULT_SETTINGS, ...input.state?.settings },
  };
  return {
    input,
    spec: input.spec,
    state,
    wake: false,
    reached: new Set(),
    strangers: [],
    shown: '',
    nextLook: 'now',
  };
}

/** What it works by: the specification with what was learnt of it. */
export function specOf({ spec, state }: Application): ApplicationInput['spec'] {
  return asLearnt(spec, state.settings);
}

export function phaseOf({ state, spec }: Application): ApplicationPhase {
  if (state.removing) return 'removing';
  if (state.paused) return 'paused';
  if (spec.mode !== 'auto') return 'observing';
  return Object.keys(state.runs).length > 0 ? 'mirroring' : 'idle';
}

/** Live runs in the order of their zones. */
export function liveRuns({ state }: Application): RunSummary[] {
  return Object.values(state.runs).toSorted((a, b) => a.zone.localeCompare(b.zone));
}

export function viewOf(app: Application): ApplicationView {
  const { state, spec } = app;
  return {
    application: spec.application,
    mode: spec.mode,
    phase: phaseOf(app),
    paused: state.paused,
    forced: state.forced,
    runs: liveRuns(app),
    primaryMinimumBefore: state.primaryMinimumBefore,
    forecast: state.lastForecast,
    decision: state.lastDecision,
  };
}

export function keepAwayFrom({ state }: Application, zone: string): void {
  const until = (state.lastForecast?.issuedAt ?? 0) + DRY_MS;
  state.memory = { ...state.memory, dryUntil: { ...state.memory.dryUntil, [zone]: until } };
}

/** The decision's memory, with zones that ran dry while it was being made. */
export function remember({ state }: Application, memory: DecisionMemory): void {
  const now = state.lastForecast?.issuedAt ?? 0;
  const dry = { ...memory.dryUntil, ...state.memory.dryUntil };
  const dryUntil = Object.fromEntries(Object.entries(dry).filter(([, until]) => until > now));
  state.memory = { ...memory, dryUntil };
}
