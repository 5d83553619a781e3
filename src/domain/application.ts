import type { Money } from './cost.ts';
import type { MeasuredDemand } from './demand-series.ts';
import type { EventSource } from './event-source.ts';

/** `observe`: forecast only. `preview`: decide and show, change nothing. `auto`: act. */
export type Mode = 'observe' | 'preview' | 'auto';

/** What the user declares of one application, after validation: durations in ms, percentages as fractions. */
export interface ApplicationSpec {
  application: string;
  labels: Record<string, string>;
  mode: Mode;
  primary: { project: string; zone: string; instanceGroup: string };
  demand: MeasuredDemand & {
    stepMs: number;
    observationDelayMs: number;
    /** Demand that one instance carries within the objective, in the demand's unit (requests/s). */
    perInstance: number;
    /** What the user said of it, where `perInstance` is as learnt (`learnt-spec.ts`). */
    declaredPerInstance?: number;
  };
  objectives: {
    availability: number;
    latencyMs: number;
    /** One unserved instance-hour, in hours of a full instance. */ violationCost: number;
  };
  mirrors: {
    zones: string[];
    policy: 'interval' | 'cost';
    /** Nominal coverage of the interval, 0..1. */
    interval: number;
    limits: { instances: number; spendPerHour: Money };
  };
  routing: Routing;
  state: 'none';
  /** Where it hears of events; absent: only of those that are announced to it directly. */
  events?: EventSource[];
}

export type Routing =
  | { kind: 'loadBalancer'; backendService: string }
  /** Weighted round robin on one A record; the primary's address keeps the rest of the weight. */
  | { kind: 'dns'; managedZone: string; name: string; ttlSeconds: number };
