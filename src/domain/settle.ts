import { clockTime } from './clock-time.ts';
import type { DecideInput } from './decide.ts';
import type { Levels } from './levels.ts';
import { highest, levelsOf, nested, sameLevels } from './levels.ts';
import { withParked } from './parking.ts';
import type { DecisionMemory, Settings, ZonePlan } from './plan.ts';
import { sumOf } from './tier.ts';
import type { Trust } from './trust.ts';
import type { Wanted } from './wanted.ts';

/**
 * From what is wanted at this look to what is kept: letting go waits, by policy `interval` what served stays parked, and while
 * demand is not seen nothing is let go for a while (`holds`). What bound is added to `bindings`.
 * @param held mirrors that are up
 */
export function settled(
  { memory, settings }: DecideInput,
  { levels, byCost }: Pick<Wanted, 'levels' | 'byCost'>,
  { holds, at }: Trust,
  held: readonly ZonePlan[],
  bindings: string[],
): Levels {
  const shortly = rememberedShortly(memory, at, settings);
  const slow = byCost
    ? withoutFlutter(levels, shortly)
    : stabilised(levels, remembered(memory, at, settings.stabilisationMs), shortly, settings);
  if (!sameLevels(slow, levels)) bindings.push('stabilisation: letting go waits and goes slowly');
  const parked = byCost ? slow : withParked(slow, memory.parked, at);
  if (!sameLevels(parked, slow))
    bindings.push(
      `parking: ${memory.parked!.instances} stay at hand until ${clockTime(memory.parked!.until)}`,
    );
  return holds ? highest(parked, heldLevels(held, memory)) : parked;
}

/** What was planned last: the cloud shows an instance on its way to shadow as running. Without a plan, what is up. */
function heldLevels(held: readonly ZonePlan[], memory: DecisionMemory): Levels {
  return levelsOf(sumOf(memory.mirrors ?? held));
}

/** Wants of the last `windowMs` before `at`. */
export function remembered(memory: DecisionMemory, at: number, windowMs: number): DecisionMemory['wants'] {
  return memory.wants.filter((want) => want.at > at - windowMs && want.at < at);
}

/**
 * Wants that still count for what is undone within seconds, a third as long: a full that steps down stays at hand as warm.
 */
function rememberedShortly(
  memory: DecisionMemory,
  at: number,
  { stabilisationMs }: Settings,
): DecisionMemory['wants'] {
  return remembered(memory, at, stabilisationMs / 3);
}

/**
 * Up at once, down slowly: never below the highest want of the stabilisation window, and no more than
 * `scaleDownFraction` of what the plan held within that window is let go. What is full counts `shortly` only, and goes
 * whole: as warm it is still held.
 */
function stabilised(
  wanted: Levels,
  wants: DecisionMemory['wants'],
  shortly: DecisionMemory['wants'],
  settings: Settings,
): Levels {
  const keep = 1 - settings.scaleDownFraction;
  const part = (held: number | undefined) => Math.floor(keep * (held ?? 0) + 1e-9);
  const slowly = (level: keyof Levels) =>
    Math.max(wanted[level], ...wants.flatMap((want) => [want[level], part(want.planned?.[level])]));
  return nested({
    full: Math.max(wanted.full, ...shortly.map((want) => want.full)),
    fullAndWarm: slowly('fullAndWarm'),
    fullWarmAndShadow: slowly('fullWarmAndShadow'),
  });
}

/**
 * Under policy `cost` what is let go has been weighed against what a call would cost, and how ready an instance waits follows
 * it at once. Only flutter is kept out: an instance is deleted once nobody wanted it `shortly`, and so is readiness that bridges
 * a gap of the primary, since by serving it hides the load that called for it.
 */
function withoutFlutter(wanted: Levels, shortly: DecisionMemory['wants']): Levels {
  return nested({
    full: Math.max(wanted.full, ...shortly.map((want) => want.bridging ?? 0)),
    fullAndWarm: wanted.fullAndWarm,
    fullWarmAndShadow: Math.max(wanted.fullWarmAndShadow, ...shortly.map((want) => want.fullWarmAndShadow)),
  });
}
