import type { Machine, Target } from './machine.ts';
import { zonesOf } from './making.ts';
import { invalid } from './resources.ts';
import type { Place } from './resources.ts';
import type { FixedOrPercent, Group, Version } from './shapes.ts';

/** Instances that a number or a share comes to: of the target size, rounded. */
export function calculated({ fixed, percent }: FixedOrPercent, targetSize: number): number {
  return fixed ?? Math.round(((percent ?? 0) * targetSize) / 100);
}

/** The version that takes all instances which the others leave. */
export function mainVersion({ versions }: Group): Version {
  return versions.find(({ targetSize }) => targetSize === undefined)!;
}

/** A canary as long as it has fewer running instances than its target size, else the main version. */
export function versionForNext(group: Group, members: Machine[], target: Target): Version {
  const running = members.filter((machine) => machine.target === 'RUNNING');
  const wanting = canaries(group).find(
    (version) => running.filter((machine) => isOf(version, machine)).length < canarySize(group, version),
  );
  return target === 'RUNNING' && wanting ? wanting : mainVersion(group);
}

/** Which version each machine is to have: whoever has one keeps it while there is room, the newest make room. */
export function intendedVersions(group: Group, members: Machine[]): Map<Machine, Version> {
  const main = mainVersion(group);
  const intended = new Map(members.map((machine) => [machine, main]));
  const running = members.filter((machine) => machine.target === 'RUNNING').reverse();
  const free = new Set(running);
  for (const version of canaries(group)) {
    const candidates = [...free].sort((a, b) => Number(isOf(version, b)) - Number(isOf(version, a)));
    for (const machine of candidates.slice(0, canarySize(group, version))) {
      free.delete(machine);
      intended.set(machine, version);
    }
  }
  return intended;
}

/** How many more instances than its target size a group may have while it is updated. */
export function surgeOf(place: Place, group: Group): number {
  const { maxSurge } = group.updatePolicy ?? {};
  return maxSurge ? calculated(maxSurge, group.targetSize) : zonesOf(place, group).length;
}

/** How many of its instances may be unavailable meanwhile. */
export function unavailableOf(place: Place, group: Group): number {
  const { maxUnavailable } = group.updatePolicy ?? {};
  return maxUnavailable ? calculated(maxUnavailable, group.targetSize) : zonesOf(place, group).length;
}

/** Throws 400 unless exactly one version takes the rest, and for names or templates that would not tell them apart. */
export function checkVersions({ versions }: Group): void {
  if (versions.filter(({ targetSize }) => targetSize === undefined).length !== 1)
    throw invalid('resource.versions', versions, 'Give all versions but one a targetSize.');
  if (versions.length > 2) throw invalid('resource.versions', versions, 'Give two versions at most.');
  if (versions.length === 2 && versions[0]!.name === versions[1]!.name)
    throw invalid('resource.versions', versions, 'Give every version a name of its own.');
}

/** Throws 400 for an update policy that could never move. */
export function checkUpdatePolicy(place: Place, group: Group): void {
  const policy = group.updatePolicy;
  if (!policy) return;
  const [surge, unavailable] = [surgeOf(place, group), unavailableOf(place, group)];
  const isStuck =
    policy.maxSurge !== undefined && policy.maxUnavailable !== undefined && surge + unavailable === 0;
  if (isStuck && !policy.maxSurge?.percent && !policy.maxUnavailable?.percent)
    throw invalid(
      'resource.updatePolicy.maxUnavailable',
      0,
      'One of maxSurge and maxUnavailable must exceed 0.',
    );
  if (policy.replacementMethod === 'RECREATE' && (!policy.maxSurge || surge > 0))
    throw invalid('resource.updatePolicy.maxSurge', policy.maxSurge, 'RECREATE needs a maxSurge of 0.');
}

function canaries({ versions }: Group): (Version & { targetSize: FixedOrPercent })[] {
  return versions.filter(
    (version): version is Version & { targetSize: FixedOrPercent } => version.targetSize !== undefined,
  );
}

function canarySize(group: Group, { targetSize }: { targetSize: FixedOrPercent }): number {
  return Math.min(group.targetSize, calculated(targetSize, group.targetSize));
}

function isOf(version: Version, { spec }: Machine): boolean {
  return spec.version === version.name && version.instanceTemplate.endsWith(`/${spec.template}`);
}
