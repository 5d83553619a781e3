import { ApiError } from '../http.ts';
import type { Resource, World } from '../world.ts';
import type { Kind } from './collection.ts';
import { notImplemented, refuseFields } from './contract/validate.ts';
import type { Failures } from './failures.ts';
import type { Groups } from './groups.ts';
import { checkFlexibility } from './making.ts';
import { find, inPlace, isObject, readLink } from './resources.ts';
import type { Place } from './resources.ts';
import { servicesUsing } from './settings.ts';
import { GroupBody } from './shapes.ts';
import type { Autoscaler, Group } from './shapes.ts';
import type { Updates } from './updates.ts';
import { checkUpdatePolicy, checkVersions, mainVersion } from './versions.ts';
import { groupView } from './views.ts';

export const MANAGERS = {
  collection: 'instanceGroupManagers',
  singular: 'instanceGroupManager',
  scopes: ['zone', 'region'],
} as const;

/** Managed instance groups, zonal and regional. */
export function managerKind(world: World, groups: Groups, updates: Updates, failures: Failures): Kind<Group> {
  return {
    ...MANAGERS,
    map: world.groups as Map<string, Group>,
    schema: GroupBody,
    changes: 'byName',
    outputs: ['status', 'currentActions', 'instanceGroup'],
    hasFingerprint: true,
    quota: 'INSTANCE_GROUP_MANAGERS',
    given: withVersions,
    check(place, group, before) {
      checkReady(place, group);
      refuseFields(group, 'statefulPolicy', 'targetPools', 'resourcePolicies', 'targetSizePolicy');
      const { targetShape = 'EVEN' } = group.distributionPolicy ?? {};
      if (targetShape !== 'EVEN') throw notImplemented(`The target shape ${targetShape}`);
      checkVersions(group);
      checkUpdatePolicy(place, group);
      checkFlexibility(group);
      group.baseInstanceName ??= group.name;
      const global = { project: place.project, location: 'global' };
      for (const { instanceTemplate } of group.versions)
        find(world.templates, 'instanceTemplates', readLink(instanceTemplate, global));
      group.instanceTemplate = mainVersion(group).instanceTemplate;
      for (const { healthCheck } of group.autoHealingPolicies ?? [])
        find(world.healthChecks, 'healthChecks', readLink(healthCheck, global));
      stampConfiguration(world, group, before);
    },
    stored(place, group) {
      groups.reconcile(place, group);
      updates.roll(place, group);
      return undefined;
    },
    usedBy(place, group) {
      checkReady(place, group);
      const used = { project: place.project, location: place.location, name: group.name };
      return servicesUsing(world, used)[0] ?? autoscalerOf(world.autoscalers, place, group)?.name;
    },
    async empty(place, group) {
      group.deleting = true;
      await groups.empty(place, group);
      failures.forget(place.project, place.location, group.name);
    },
    view: (place, group) =>
      groupView(place, group, {
        machines: groups.machines(place, group),
        isUpdated: updates.isReached(place, group),
        autoscaler: autoscalerOf(world.autoscalers, place, group)?.name,
      }),
  };
}

/** Fills in what a client left out: `versions` from the template, or the template from `versions`. */
function withVersions(body: Record<string, unknown>): Record<string, unknown> {
  const { versions, instanceTemplate } = body;
  if (Array.isArray(versions) && versions.length > 0) {
    const main = versions.find((version) => isObject(version) && version['targetSize'] === undefined);
    return { ...body, instanceTemplate: isObject(main) ? main['instanceTemplate'] : instanceTemplate };
  }
  if (instanceTemplate === undefined) return body;
  return { ...body, versions: [{ instanceTemplate }] };
}

/** When the configuration for all instances was changed last: its revision. */
function stampConfiguration(world: World, group: Group, before: Group | undefined): void {
  const isSame = JSON.stringify(before?.allInstancesConfig) === JSON.stringify(group.allInstancesConfig);
  if (isSame) return;
  group.configuredAt = world.clock.now();
}

/** The autoscaler that looks after the group. */
export function autoscalerOf(
  autoscalers: Map<string, Resource>,
  place: Place,
  group: { name: string },
): Resource | undefined {
  return inPlace(autoscalers, place).find(
    (autoscaler) => readLink((autoscaler as Autoscaler).target, place).name === group.name,
  );
}

export function checkReady(place: Place, group: Group): void {
  if (!group.deleting) return;
  throw new ApiError(
    400,
    'resourceNotReady',
    `The resource '${place.location}/instanceGroupManagers/${group.name}' is not ready: it is being deleted.`,
  );
}
