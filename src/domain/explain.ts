import { clockTime } from './clock-time.ts';
import type { CostLevels } from './cost-levels.ts';
import type { DecideInput, Findings } from './decide.ts';
import type { WindowInterval } from './forecast.ts';
import { servingOf } from './levels.ts';
import type { Plan, Reasons, ZonePlan } from './plan.ts';
import type { Tier, TierCounts } from './tier.ts';
import { inWords, NO_INSTANCES, TIERS, totalInstances } from './tier.ts';
import { nextPriceFactor } from './zones.ts';

/** The decision in words and numbers: everything that a person needs to check it by hand. */
export function explain(input: DecideInput, findings: Findings, plan: Plan): Reasons {
  const { perInstance: carries, declaredPerInstance: declared } = input.spec.demand;
  const { full, fullAndWarm, fullWarmAndShadow } = findings.wanted;
  return {
    headline: headline(input, findings, plan),
    policy: findings.usable && !findings.byCost ? 'interval' : input.spec.mirrors.policy,
    ...(input.mayBeMore === undefined ? {} : { mayBeMore: input.mayBeMore }),
    ...(declared === undefined ? {} : { instance: { carries, declared } }),
    observed: input.forecast.observed,
    ...eventsOf(input, findings),
    served: { at: input.forecast.issuedAt, instances: servingOf(input.fleet) },
    threshold: findings.threshold,
    thresholdFactor: findings.thresholdFactor,
    wanted: { full, fullAndWarm, fullWarmAndShadow, reactive: findings.reactive },
    bindings: findings.bindings,
    rejected: rejected(input, findings),
    zones: findings.offers.map(({ zone, score, parts, why }) => ({ zone, score, parts, why })),
    spendPerHour: findings.spendPerHour,
  };
}

/** What outside is a reason: only policy `cost` counts with talk, and nothing counts where no forecast does. */
function eventsOf({ forecast }: DecideInput, { usable, byCost }: Findings): Pick<Reasons, 'events'> {
  const counted = usable ? (forecast.nearTerm?.events ?? []) : [];
  const events = byCost ? counted : counted.filter(({ source }) => source === undefined);
  return events.length === 0 ? {} : { events };
}

/** One sentence: when, what was seen, what is done. */
function headline(input: DecideInput, findings: Findings, plan: Plan): string {
  const at = clockTime(input.forecast.issuedAt);
  if (input.paused) return `${at} paused: keeping ${mirrorsInWords(plan.mirrors)}`;
  const changes = changesOf(input.memory.mirrors ?? findings.held, plan.mirrors);
  const ofPrimary = primaryChange(input, plan);
  return `${at} ${seen(input, findings)}; ${[...changes, ...ofPrimary].join(', ') || standing(plan)}`;
}

/** What the plan rests on: the level that asks for most readiness. */
function seen(input: DecideInput, findings: Findings): string {
  const { forecast } = input;
  const { demand, threshold, stale, usable } = findings;
  if (stale) return `no demand seen since ${clockTime(forecast.asOf)}`;
  if (findings.reactive > 0) {
    return `demand ${rate(forecast.observed)} req/s is more than the primary's ${findings.ready} instances carry`;
  }
  if (findings.bridging > 0 && findings.bridging === findings.wanted.full)
    return "the primary's autoscaler waits for instances that still boot";
  if (findings.byCost) return seenByCost(input, findings, findings.byCost);
  if (!usable) return `demand ${rate(forecast.observed)} req/s, too little history to forecast from`;
  const passes = (name: string, value: number, window: WindowInterval, limit = threshold) =>
    `forecast: ${name} ${rate(value)} req/s passes the threshold ${rate(limit)}${window.end ? ` by ${clockTime(window.end)}` : ''}`;
  const { wanted } = findings;
  if (wanted.full > 0) return passes('lower bound', demand.full, forecast.windows.full);
  if (wanted.fullAndWarm > 0)
    return passes('median', demand.warm, forecast.windows.warm, findings.comingThreshold);
  if (wanted.fullWarmAndShadow > 0)
    return passes('upper bound', demand.shadow, forecast.windows.shadow, findings.comingThreshold);
  return `forecast: upper bound ${rate(demand.shadow)} req/s stays below the threshold ${rate(findings.comingThreshold)}`;
}

/** By policy `cost`: what may come, what is bought against it, serving or waiting, and why. */
function seenByCost({ forecast }: DecideInput, { wanted, threshold }: Findings, { upper }: CostLevels) {
  const until = clockTime(forecast.issuedAt + (forecast.nearTerm?.timesMs.at(-1) ?? 0));
  const ahead = `forecast: up to ${rate(upper)} req/s by ${until}, the primary carries ${rate(threshold)}`;
  if (wanted.full > 0) return `${ahead}: mirrors that serve cost less than the failures they avert`;
  if (wanted.fullWarmAndShadow > 0)
    return `${ahead}: mirrors that wait cost less than the failures they avert`;
  return `${ahead}: a mirror would cost more than the failures it averts`;
}

/**
 * What the policy `cost` did not buy: the next instance at each margin.
 * @param violationCost one unserved instance-hour, in hours of a full instance where the next would come to be
 */
function rejectedByCost({ notFull, notKept }: CostLevels, violationCost: number): Reasons['rejected'] {
  const share = (value: number) => `${Number((100 * value).toPrecision(2))}%`;
  const calls = (value: number) => `${Number(value.toPrecision(2))} times an hour`;
  const pays = 1 / violationCost;
  const full =
    notFull.expectedNeed > pays
      ? `a minute ahead is expected to need ${share(notFull.expectedNeed)} of it, and raised later it is still in time`
      : `no minute ahead is expected to need more than ${share(notFull.expectedNeed)} of it, it is called unforeseen ` +
        `${calls(notFull.callsPerHour)}; it is worth its price from an expected need of about ${share(pays)} on`;
  return [
    { what: 'one more full now', why: `instance ${notFull.instance}: ${full}` },
    {
      what: 'one more at hand',
      why:
        `instance ${notKept.instance} is called unforeseen ${calls(notKept.callsPerHour)}: what waiting for a new one ` +
        'would cost then is less than keeping it',
    },
  ];
}

/** "raising 4 full in us-central1-b", "3 warm become full in ...", "letting 2 warm go in ..." */
function changesOf(held: readonly ZonePlan[], planned: readonly ZonePlan[]): string[] {
  const zones = [...new Set([...held, ...planned].map((mirror) => mirror.zone))].sort();
  return zones.flatMap((zone) => {
    const countsIn = (mirrors: readonly ZonePlan[]) => {
      const { full, warm, shadow } = mirrors.find((mirror) => mirror.zone === zone) ?? NO_INSTANCES;
      return { full, warm, shadow };
    };
    return changesIn(zone, countsIn(held), countsIn(planned));
  });
}

function changesIn(zone: string, before: TierCounts, after: TierCounts): string[] {
  const gained = { ...NO_INSTANCES };
  const lost = { ...NO_INSTANCES };
  for (const tier of TIERS) {
    gained[tier] = Math.max(0, after[tier] - before[tier]);
    lost[tier] = Math.max(0, before[tier] - after[tier]);
  }
  const moves: string[] = [];
  for (const to of TIERS)
    for (const from of TIERS) {
      const count = Math.min(gained[to], lost[from]);
      if (count === 0) continue;
      moves.push(`${count} ${from} ${count === 1 ? 'becomes' : 'become'} ${to} in ${zone}`);
      gained[to] -= count;
      lost[from] -= count;
    }
  if (totalInstances(gained) > 0) moves.unshift(`raising ${inWords(gained, ' and ')} in ${zone}`);
  if (totalInstances(lost) > 0) moves.push(`letting ${inWords(lost, ' and ')} go in ${zone}`);
  return moves;
}

function primaryChange({ fleet }: DecideInput, plan: Plan): string[] {
  const { minimum } = fleet.primary;
  if (plan.primaryMinimum === minimum) return [];
  const verb = plan.primaryMinimum > minimum ? 'raising' : 'lowering';
  return [`${verb} the primary's minimum from ${minimum} to ${plan.primaryMinimum}`];
}

function standing(plan: Plan): string {
  return plan.mirrors.length > 0 ? `keeping ${mirrorsInWords(plan.mirrors)}` : 'nothing to raise';
}

function mirrorsInWords(mirrors: readonly ZonePlan[]): string {
  if (mirrors.length === 0) return 'no mirrors';
  return mirrors.map((mirror) => `${inWords(mirror, ' and ')} in ${mirror.zone}`).join(', ');
}

function rejected(input: DecideInput, findings: Findings): Reasons['rejected'] {
  const { spec } = input;
  const alternatives = findings.byCost
    ? rejectedByCost(findings.byCost, spec.objectives.violationCost / nextPriceFactor(findings.offers))
    : rejectedByInterval(input, findings);
  const zones = findings.offers
    .filter((offer) => offer.room === 0 && !findings.mirrors.some((mirror) => mirror.zone === offer.zone))
    .map((offer) => ({ what: offer.zone, why: offer.why }));
  const own = spec.mirrors.zones.includes(spec.primary.zone)
    ? [{ what: spec.primary.zone, why: "the primary's own zone" }]
    : [];
  return [...alternatives, ...zones, ...own];
}

function rejectedByInterval(
  { forecast, timesToServe }: DecideInput,
  findings: Findings,
): Reasons['rejected'] {
  const until = (tier: Tier, ms: number, bound: string, value: number, ready: string) => ({
    what: `more ${tier} now`,
    why: `${bound} ${rate(value)} asks for no more by ${clockTime(forecast.issuedAt + ms)}; ${ready}`,
  });
  const { wanted } = findings;
  const inSeconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  const alternatives: Reasons['rejected'] = [];
  if (findings.usable && wanted.full < wanted.fullAndWarm) {
    const serves = `warm serves within ${inSeconds(timesToServe.warmMs)}`;
    alternatives.push(until('full', timesToServe.warmMs, 'lower bound', findings.demand.full, serves));
  }
  if (findings.usable && wanted.fullAndWarm < wanted.fullWarmAndShadow) {
    const serves = `shadow serves within ${inSeconds(timesToServe.shadowMs)}`;
    alternatives.push(until('warm', timesToServe.shadowMs, 'median', findings.demand.warm, serves));
  }
  if (findings.usable && wanted.fullWarmAndShadow === 0) {
    const why = `upper bound ${rate(findings.demand.shadow)} stays below the threshold ${rate(findings.comingThreshold)}`;
    alternatives.push({ what: 'a mirror', why });
  }
  return alternatives;
}

/** Three significant digits below 100, whole numbers above. */
function rate(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
