import type { ApplicationSpec } from './application.ts';
import { median } from './median.ts';
import { saturation } from './saturation.ts';
import { CAPACITY_BOUND } from './settings.ts';

/** One span of what the instances carried. What is missing was not measured. */
export interface CarriedLoad {
  /** Demand over the instances that ran, in the demand's unit. */
  perInstance: number;
  /** Mean utilisation of the same instances, 0..1. */
  cpu: number;
  latencyP99Ms?: number;
}

/** What was measured of one instance, for people and for the ledger. Capacities are in the demand's unit. */
export interface CapacityEvidence {
  /** Spans that teach something, and how many hours those are. */
  spans: number;
  hours: number;
  /** Spans in which demand may have been more than seen: they teach nothing. */
  saturated: number;
  /** Demand at the target utilisation, and its 95% bounds. */
  byCpu?: { carried: number; lower: number; upper: number };
  /** Demand beyond which answers are slower than the objective, where that depends on demand at all. */
  byLatency?: number;
  /** The highest demand that was carried within the objective. */
  seen?: number;
  /** As a factor of what is declared, before and after shrinkage. */
  factor?: { measured: number; shrunk: number };
}

export interface CapacityProposal {
  capacityFactor: number;
  /** One sentence for people. */
  why: string;
  moves: boolean;
  evidence: CapacityEvidence;
}

/** Mean utilisation up to which an instance counts as able to answer in time: what autoscalers are commonly set to at most. */
export const TARGET_UTILISATION = 0.8;
/** An instance that idles says little of one that works. */
const TELLING_CPU = TARGET_UTILISATION / 2;
/** So many hours of evidence weigh as much as what the user has declared. */
const PRIOR_HOURS = 2;
/** Fewer do not make a line. */
const LEAST_SPANS = 12;
/** Groups of spans of like demand, and the fewest spans whose median tells their latency. */
const MOST_GROUPS = 24;
const LEAST_IN_GROUP = 6;
/** A smaller move explains nothing, and noise would make it wander. */
const LEAST_MOVE = 0.05;
const DIGITS = 3;

/**
 * One bounded step of the capacity factor towards what an instance was measured to carry: the demand at which its CPU reaches
 * the target, or beyond which latency leaves the objective, whichever is less. Upwards never beyond what was seen carried.
 *
 * @param spans what was carried lately, each `spanMs` long
 * @param declared what one instance carries by the specification, in the demand's unit
 * @param present the factor so far
 */
export function proposeCapacity(
  spans: readonly CarriedLoad[],
  spanMs: number,
  declared: number,
  present: number,
  objectives: ApplicationSpec['objectives'],
): CapacityProposal {
  const telling = spans.filter((span) => span.perInstance > 0 && !saturation(span, objectives));
  const evidence = weigh(telling, spanMs, objectives);
  evidence.saturated = spans.filter((span) => saturation(span, objectives)).length;
  const stay = (why: string) => ({ capacityFactor: present, why, moves: false, evidence });
  if (telling.length < LEAST_SPANS) return stay('too little was measured of what an instance carries');
  const { byCpu, byLatency = Infinity, seen = 0, hours } = evidence;
  const now = present * declared;
  const carried = Math.min(byCpu?.carried ?? Infinity, byLatency);
  if (carried === Infinity)
    return stay('CPU does not tell what an instance carries: it does not follow demand');
  const slowerByLatency = byLatency < (byCpu?.carried ?? Infinity);
  if (byCpu && !slowerByLatency && byCpu.lower <= now && now <= byCpu.upper)
    return stay(`an instance carries ${brief(now)} as supposed, measured ${brief(carried)}`);
  const believed = carried > now ? Math.max(now, Math.min(carried, seen)) : carried;
  const measured = believed / declared;
  const shrunk = Math.exp((hours / (hours + PRIOR_HOURS)) * Math.log(measured));
  evidence.factor = { measured: rounded(measured), shrunk: rounded(shrunk) };
  const { least, most, factor } = CAPACITY_BOUND;
  const within = Math.min(most, Math.max(least, shrunk));
  const next = rounded(Math.min(present * factor, Math.max(present / factor, within)));
  // Where evidence grows thin, what was learnt of more stands: only what was measured leads away from it.
  const leads = Math.sign(within - present) === Math.sign(believed - now);
  if (!leads || Math.abs(Math.log(within / present)) < LEAST_MOVE)
    return stay(
      `an instance is trusted with ${brief(now)}: measured ${brief(carried)} in ${hours.toFixed(1)} hours, seen ${brief(seen)} at most`,
    );
  const by = slowerByLatency ? 'latency' : 'CPU';
  return {
    capacityFactor: next,
    why: `capacityFactor from ${present} to ${next}: by its ${by} an instance carries ${brief(carried)}, declared ${brief(declared)}`,
    moves: true,
    evidence,
  };
}

function weigh(
  telling: readonly CarriedLoad[],
  spanMs: number,
  objectives: ApplicationSpec['objectives'],
): CapacityEvidence {
  const busy = telling.filter(({ cpu }) => cpu >= TELLING_CPU).length;
  const evidence: CapacityEvidence = {
    spans: telling.length,
    hours: (busy * spanMs) / 3_600_000,
    saturated: 0,
  };
  if (telling.length < LEAST_SPANS) return evidence;
  const byCpu = demandAtTarget(telling);
  const byLatency = demandWithinLatency(telling, objectives.latencyMs);
  const within = telling.filter(({ latencyP99Ms }) => !(latencyP99Ms! > objectives.latencyMs));
  return {
    ...evidence,
    ...(byCpu ? { byCpu } : {}),
    ...(byLatency === undefined ? {} : { byLatency: rounded(byLatency) }),
    ...(within.length > 0
      ? { seen: rounded(Math.max(...within.map(({ perInstance }) => perInstance))) }
      : {}),
  };
}

/**
 * Where CPU reaches the target, on a line through the medians (utilisation law: CPU is a base plus demand times the work of a
 * request; Denning and Buzen 1978). Its slope is the median of those between each span and the one half the ranks away, with
 * bounds from the sign test on them: Theil's incomplete method (1950), which shrugs off up to a quarter of wild points.
 */
function demandAtTarget(spans: readonly CarriedLoad[]): CapacityEvidence['byCpu'] {
  const ranked = spans.toSorted((a, b) => a.perInstance - b.perInstance);
  const half = Math.ceil(ranked.length / 2);
  const slopes = ranked
    .slice(half)
    .map((right, i) => ({ right, left: ranked[i]! }))
    .filter(({ right, left }) => right.perInstance > left.perInstance)
    .map(({ right, left }) => (right.cpu - left.cpu) / (right.perInstance - left.perInstance))
    .toSorted((a, b) => a - b);
  if (slopes.length < LEAST_SPANS / 2) return undefined;
  const middle = {
    demand: median(ranked.map(({ perInstance }) => perInstance)),
    cpu: median(ranked.map(({ cpu }) => cpu)),
  };
  // Order statistics of the sign test at 95%, in the normal approximation of the binomial.
  const off = Math.ceil(0.98 * Math.sqrt(slopes.length));
  const centre = Math.floor(slopes.length / 2);
  const at = (slope: number | undefined) =>
    slope !== undefined && slope > 0 ? middle.demand + (TARGET_UTILISATION - middle.cpu) / slope : undefined;
  const carried = at(median(slopes));
  if (carried === undefined || carried <= 0) return undefined;
  // Where CPU may not follow demand at all, it may reach the target anywhere.
  const anywhere = middle.cpu > TARGET_UTILISATION ? 0 : Infinity;
  const ends = [at(slopes[centre - off]), at(slopes[centre + off])].map((end) => end ?? anywhere);
  const bounds = [...ends, carried].map((end) => Math.max(0, end));
  const [lower, upper] = [Math.min(...bounds), Math.max(...bounds)];
  return { carried: rounded(carried), lower: rounded(lower), upper: rounded(upper) };
}

/**
 * The demand at which latency passes the objective, on a line between the medians of groups of like demand: those between which
 * fewest lie on the wrong side. Undefined where no demand parts them: nothing is slow, or it is slow at whatever demand, and more
 * instances would not help.
 */
function demandWithinLatency(spans: readonly CarriedLoad[], objectiveMs: number): number | undefined {
  const ranked = spans
    .filter((span): span is CarriedLoad & { latencyP99Ms: number } => span.latencyP99Ms !== undefined)
    .toSorted((a, b) => a.perInstance - b.perInstance);
  const groups = Math.min(MOST_GROUPS, Math.floor(ranked.length / LEAST_IN_GROUP));
  const curve = Array.from({ length: groups }, (_, i) => {
    const group = ranked.slice((i * ranked.length) / groups, ((i + 1) * ranked.length) / groups);
    return {
      demand: median(group.map(({ perInstance }) => perInstance)),
      latencyMs: median(group.map(({ latencyP99Ms }) => latencyP99Ms)),
    };
  });
  const first = firstBeyond(curve.map(({ latencyMs }) => latencyMs > objectiveMs));
  const [below, above] = [curve[first - 1], curve[first]];
  if (!below || !above) return undefined;
  const share = (objectiveMs - below.latencyMs) / (above.latencyMs - below.latencyMs);
  return below.demand + Math.min(1, Math.max(0, share || 0)) * (above.demand - below.demand);
}

/** The index that parts `false` before it from `true` after it with fewest on the wrong side; the length where none is `true`. */
function firstBeyond(beyond: readonly boolean[]): number {
  let wrong = beyond.filter((is) => !is).length;
  let [best, fewest] = [0, wrong];
  beyond.forEach((is, i) => {
    wrong += is ? 1 : -1;
    if (wrong <= fewest) [best, fewest] = [i + 1, wrong];
  });
  return best;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

function brief(value: number): string {
  return String(rounded(value));
}
