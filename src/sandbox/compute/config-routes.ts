import { ok } from '../http.ts';
import { pathsOf, placeOf, route } from './collection.ts';
import type { Registry, Route } from './collection.ts';
import { MANAGERS } from './group-kind.ts';
import { groupNamed, verbsOf } from './group-verbs.ts';
import type { Groups } from './groups.ts';
import { checkConfigs, dropConfigs, setConfigs } from './instance-configs.ts';
import { pageOf } from './lists.ts';
import { fingerprintOf, mergePatch, parseBody } from './resources.ts';
import type { Place } from './resources.ts';
import { InstanceConfigsBody, InstanceNamesBody } from './shapes.ts';
import type { Group, InstanceConfig } from './shapes.ts';

/** Per-instance configurations of groups: what one instance keeps whatever the template says. */
export function configRoutes(registry: Registry, groups: Groups): Route[] {
  const verb = verbsOf(registry);
  /** The configurations that were sent; each must be one of the group's instances. */
  const given = (place: Place, group: Group, body: unknown): InstanceConfig[] => {
    const { perInstanceConfigs } = parseBody(InstanceConfigsBody, body);
    checkConfigs(perInstanceConfigs);
    groups.chosen(
      place,
      group,
      perInstanceConfigs.map(({ name }) => name),
    );
    return perInstanceConfigs;
  };
  return [
    ...verb('updatePerInstanceConfigs', (place, group, { body }) =>
      setConfigs(group, given(place, group, body)),
    ),
    ...verb('patchPerInstanceConfigs', (place, group, { body }) =>
      setConfigs(
        group,
        given(place, group, body).map((config) => ({
          ...config,
          ...(mergePatch(group.configs?.[config.name] ?? {}, config) as InstanceConfig),
        })),
      ),
    ),
    ...verb('deletePerInstanceConfigs', (_, group, { body }) =>
      dropConfigs(group, parseBody(InstanceNamesBody, body).names),
    ),
    ...pathsOf(MANAGERS).map((path) =>
      route('POST', `${path}/:name/listPerInstanceConfigs`, ({ query }, parts) => {
        const group = groupNamed(registry, parts);
        const machines = new Map(
          groups.machines(placeOf(parts), group).map((machine) => [machine.instance.name, machine]),
        );
        const rows = Object.values(group.configs ?? {}).map((config) => {
          const applied = machines.get(config.name)?.spec.metadata ?? {};
          const isEffective = Object.entries(config.preservedState.metadata).every(
            ([key, value]) => applied[key] === value,
          );
          return {
            ...config,
            fingerprint: fingerprintOf({ ...config, id: '' }),
            status: isEffective ? 'EFFECTIVE' : 'UNAPPLIED',
          };
        });
        return ok(pageOf(rows, (row) => row, query));
      }),
    ),
  ];
}
