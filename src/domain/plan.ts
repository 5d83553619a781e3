import type { CountedEvent } from './counted-event.ts';
import type { ExpectedCost } from './expected-cost.ts';
import type { TierCounts } from './tier.ts';
import type { ScoreParts } from './zone-score.ts';

export interface ZonePlan extends TierCounts {
  zone: string;
}

/** The decided state: data, validated again just before acting. */
export interface Plan {
  /** Same inputs, same id: `<application>@<asOf ms>`. */
  id: string;
  application: string;
  asOf: number;
  /** One entry per allowed zone that should hold anything. */
  mirrors: ZonePlan[];
  /** Lower bound for the primary's autoscaler, instances. */
  primaryMinimum: number;
}

/** Why a plan is what it is. Everything a person needs to check the decision by hand. */
export interface Reasons {
  /** One sentence in plain words, e.g. "lower bound 412 passes the threshold 380 at 14:20; raising 4 full in us-central1-b". */
  headline: string;
  policy: 'interval' | 'cost';
  /** Why more may have been asked for than was observed: the instances were saturated. Absent: nothing hints at it. */
  mayBeMore?: string;
  /** Demand that one instance is trusted with, and what was declared; absent while those are the same. */
  instance?: { carries: number; declared: number };
  observed: number;
  /** What was announced or heard outside that the minutes ahead count with; absent for nothing. */
  events?: CountedEvent[];
  /** What served at the look: the primary's and mirrors' instances. Absent in decisions of older versions. */
  served?: { at: number; instances: number };
  /** Demand that ready capacity carries times the threshold factor. */
  threshold: number;
  thresholdFactor: number;
  /** Instances that each level asks for before limits. */
  wanted: { full: number; fullAndWarm: number; fullWarmAndShadow: number; reactive: number };
  /** Names of what bound the plan: caps, stabilisation, pause, mode, stock-out ... */
  bindings: string[];
  /** Alternatives considered and why not. */
  rejected: { what: string; why: string }[];
  /** The score is the sum of its parts; decisions of older versions have none. */
  zones: { zone: string; score: number; parts?: ScoreParts; why: string }[];
  /** Of the planned mirrors, in the prices' currency. */
  spendPerHour: number;
  /** Absent without an outlook on the next minutes, and in decisions of older versions. */
  expected?: ExpectedCost;
}

export interface Decision {
  plan: Plan;
  reasons: Reasons;
  /** Application time until the next look, ms. */
  nextLookMs: number;
  /** Level wanted per tick within the stabilisation window: carried to the next decision. */
  memory: DecisionMemory;
}

/** What one decision hands to the next: recent wants, so that scale-down waits out its window. */
export interface DecisionMemory {
  wants: {
    at: number;
    full: number;
    fullAndWarm: number;
    fullWarmAndShadow: number;
    primaryMinimum: number;
    /** Full mirrors of these that bridged until the primary's own serve; absent for none. */
    bridging?: number;
    /** Levels that the plan then held, after stabilisation and caps: what the rate of letting go is measured against. */
    planned?: { full: number; fullAndWarm: number; fullWarmAndShadow: number };
  }[];
  /** Zones that ran dry, and until when to leave them alone (ms since the epoch). */
  dryUntil: Record<string, number>;
  /** Ends of the last such times, past ones too: a zone that had none to give is trusted again bit by bit. */
  stockOuts?: Record<string, number>;
  /** The last plan's mirrors: what is on its way there stays there, though the cloud doesn't show it yet. */
  mirrors?: ZonePlan[];
  parked?: Parked;
  /** Since when nothing is let go because demand is not seen or is lower than forecast, ms since the epoch. */
  mistrustedSince?: number;
}

/** Instances that were full lately, and until when they stay at hand suspended, ms since the epoch. */
export interface Parked {
  instances: number;
  until: number;
}

export const EMPTY_MEMORY: DecisionMemory = { wants: [], dryUntil: {} };

/** What is, as read from the cloud just before deciding. */
export interface FleetState {
  /** Primary's instances that serve, and the autoscaler's bounds. */
  primary: { serving: number; minimum: number; maximum: number; target: number };
  mirrors: (ZonePlan & { serving: number })[];
}

/** What a zone could still take. */
export interface ZoneCapacity {
  zone: string;
  /** Instances that the region's quota still allows. */
  quotaLeft: number;
  /** Of these, instances that reservations there have places for. Absent: not known. */
  reservedLeft?: number | undefined;
  /** Round trip to the primary's zone, ms. Absent: not known. */
  latencyMs?: number | undefined;
}

/** What feedback may move; each with bounds (settings.ts). */
export interface Settings {
  thresholdFactor: number;
  stabilisationMs: number;
  /** Instances that may be let go per stabilisation window, as a fraction of what is held. */
  scaleDownFraction: number;
  /** Time between looks while something is near, and while nothing is, ms. */
  nearLookMs: number;
  farLookMs: number;
  /** Window over which demand counts as lasting, ms: cost of starting over cost of holding. */
  breakEvenMs: number;
  /** How long what was full stays suspended at hand after a spike, ms. */
  parkingMs: number;
  /** What one instance was measured to carry, over what the specification says that it does (`learnt-spec.ts`). */
  capacityFactor: number;
}
