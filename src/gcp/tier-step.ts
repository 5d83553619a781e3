import type { TierCounts } from '../domain/tier.ts';
import type { Member } from './group.ts';

/** One step towards the wanted counts: instance names per call, and the running size to grow to. */
export interface TierStep {
  resume: Member[];
  start: Member[];
  suspend: Member[];
  stop: Member[];
  remove: Member[];
  /** New target size when instances are to be created; never a shrinking one: that is `remove`, by name. */
  grow: number | undefined;
}

/**
 * What to do next, from what is. Pure: called again and again on fresh reads it converges, whatever was lost between.
 *
 * - Full first, by the fastest way there is: resume warm ones, then start shadows, only then create.
 * - A warm or shadow instance is made by creating one, waiting until it is healthy, and suspending or stopping it.
 * - A surplus of one standby tier fills the lack of another by way of running.
 *
 * @param targetSize the group's own running target: creations may not be listed yet
 */
export function tierStep(wanted: TierCounts, members: Member[], targetSize: number): TierStep {
  const running = members.filter((member) => member.heading === 'running');
  const warm = members.filter((member) => member.heading === 'warm');
  const shadow = members.filter((member) => member.heading === 'shadow');
  const settledWarm = warm.filter((member) => member.settled);
  const settledShadow = shadow.filter((member) => member.settled);

  const soon = running.filter((member) => !member.creating).length;
  const short = Math.max(0, wanted.full - soon);
  let resume = take(settledWarm, short);
  let start = take(settledShadow, short - resume.length);

  const missingWarm = Math.max(0, wanted.warm - (warm.length - resume.length));
  const missingShadow = Math.max(0, wanted.shadow - (shadow.length - start.length));
  const runningWanted = wanted.full + missingWarm + missingShadow;
  const runningNow = Math.max(running.length, targetSize) + resume.length + start.length;
  let lacking = Math.max(0, runningWanted - runningNow);

  const surplusWarm = Math.max(0, warm.length - resume.length - wanted.warm);
  const surplusShadow = Math.max(0, shadow.length - start.length - wanted.shadow);
  const moreWarm = take(without(settledWarm, resume), Math.min(lacking, surplusWarm));
  const moreShadow = take(without(settledShadow, start), Math.min(lacking - moreWarm.length, surplusShadow));
  resume = [...resume, ...moreWarm];
  start = [...start, ...moreShadow];
  // What is still on its way to a standby tier that has too many will come up next time: no new instance for it.
  lacking = Math.max(0, lacking - surplusWarm - surplusShadow);

  const spare = running.filter((member) => member.healthy).slice(wanted.full);
  const suspend = take(spare, missingWarm);
  const stop = take(without(spare, suspend), missingShadow);

  const excess = Math.max(0, runningNow - runningWanted);
  const dispensable = without(running, [...suspend, ...stop]).sort((a, b) => worth(a) - worth(b));
  const kept = lacking > 0 || moreWarm.length + moreShadow.length > 0;
  const remove = [
    ...take(dispensable, excess),
    ...(kept ? [] : take(without(settledWarm, resume), surplusWarm)),
    ...(kept ? [] : take(without(settledShadow, start), surplusShadow)),
  ];
  const ups = resume.length + start.length - suspend.length - stop.length;
  const grow = lacking > 0 ? Math.max(running.length, targetSize) + ups + lacking : undefined;
  return { resume, start, suspend, stop, remove, grow };
}

export function isNothing(step: TierStep): boolean {
  const named = [step.resume, step.start, step.suspend, step.stop, step.remove];
  return step.grow === undefined && named.every((members) => members.length === 0);
}

/** Let go of what failed first, then what is not there yet, then what is unwell; what serves comes last. */
function worth(member: Member): number {
  if (member.errors.length > 0 && !member.healthy) return 0;
  if (member.creating) return 1;
  return member.healthy ? 3 : 2;
}

function take(members: Member[], count: number): Member[] {
  return members.slice(0, Math.max(0, count));
}

function without(members: Member[], others: Member[]): Member[] {
  return members.filter((member) => !others.includes(member));
}
