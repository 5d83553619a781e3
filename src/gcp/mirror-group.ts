import type { ApplicationSpec } from '../domain/application.ts';
import { NotOursError } from '../ports/errors.ts';
import type { GroupRef, OwnedGroup, WriteKey } from '../ports/fleet.ts';
import { call, finished, perform, untilMade } from './call.ts';
import type { GcpClients } from './clients.ts';
import { findManager } from './group.ts';
import type { Manager, Place } from './group.ts';
import { listRunInstances } from './instances.ts';
import {
  baseInstanceName,
  describe,
  groupName,
  lastOf,
  looksOurs,
  proveOurs,
  readMarker,
} from './ownership.ts';
import { findPrimary } from './primary.ts';
import { again, requestId } from './request-id.ts';
import { ensureTemplate, removeTemplate } from './template.ts';

/** Creates the run's template and its group of size 0, or adopts what an earlier try of the same run left. */
export async function ensureGroup(
  clients: GcpClients,
  spec: ApplicationSpec,
  zone: string,
  key: WriteKey,
): Promise<GroupRef> {
  const { project } = spec.primary;
  const name = groupName(spec.application, zone, key.run);
  const place = { project, zone, name };
  const found = await findManager(clients, place);
  if (found) return adopt(place, found, key.run);

  const primary = await findPrimary(clients, spec);
  const template = await ensureTemplate(clients, spec, place, primary, key);
  const instanceGroupManagerResource = {
    name,
    baseInstanceName: baseInstanceName(spec.application, key.run),
    description: describe(spec.application, key.run),
    instanceTemplate: template.selfLink ?? `projects/${project}/global/instanceTemplates/${name}`,
    targetSize: 0,
    // We suspend and stop what is healthy, by name: nothing may wait, and nothing may resume by itself.
    standbyPolicy: { mode: 'MANUAL', initialDelaySec: 0 },
    autoHealingPolicies: primary.autoHealingPolicies ?? [],
    namedPorts: primary.namedPorts ?? [],
  };
  const made = await untilMade(
    `Group ${name} in ${zone}`,
    (attempt) => {
      const id = requestId(key, 'create-group', name, attempt);
      return perform(clients, `create group ${name} in ${zone}`, place, (repeat) =>
        clients.groups.insert({ project, zone, instanceGroupManagerResource, requestId: again(id, repeat) }),
      );
    },
    () => findManager(clients, place),
  );
  return adopt(place, made, key.run);
}

/** Ours and this run's: then it is as good as just created. */
function adopt(place: Place, found: Manager, run: string): GroupRef {
  const marker = proveOurs('Group', place, found);
  if (marker.run !== run)
    throw new NotOursError(`Group '${place.name}' belongs to the run ${marker.run}; left alone`);
  return { ...place, id: String(found.id), template: lastOf(found.instanceTemplate) };
}

/** Deletes group, then template. True only when a fresh read shows group, template and instances gone. */
export async function removeGroup(clients: GcpClients, group: GroupRef, key: WriteKey): Promise<boolean> {
  const { project, zone, name } = group;
  const manager = await findManager(clients, group);
  if (manager) {
    proveOurs('Group', group, manager);
    const id = requestId(key, 'delete-group', group.id, manager.fingerprint ?? '');
    const started = await finished(() =>
      perform(clients, `delete group ${name} in ${zone}`, group, (repeat) =>
        clients.groups.delete({
          project,
          zone,
          instanceGroupManager: name,
          requestId: again(id, repeat),
        }),
      ),
    );
    if (!started) return false;
  }
  if (await findManager(clients, group)) return false;
  return (await removeTemplate(clients, group, key)) && (await listRunInstances(clients, group)).length === 0;
}

/** Our groups of one zone. */
export async function listManagers(clients: GcpClients, project: string, zone: string): Promise<Manager[]> {
  const [managers] = await call(`groups in ${zone}`, () => clients.groups.list({ project, zone }));
  return managers.filter((manager) => looksOurs(zone, manager));
}

/** Our groups, and templates whose group is gone or never came to be (their `id` is empty: no group may match it). */
export async function listOwned(
  clients: GcpClients,
  project: string,
  zones: string[],
): Promise<OwnedGroup[]> {
  const owned: OwnedGroup[] = [];
  const add = (zone: string, name: string, id: string, description: string | null | undefined) => {
    const { application, run } = readMarker(description)!;
    owned.push({ project, zone, name, id, template: name, application, run });
  };
  for (const zone of zones)
    for (const manager of await listManagers(clients, project, zone))
      add(zone, manager.name!, String(manager.id), manager.description);
  const [templates] = await call('templates', () => clients.templates.list({ project }));
  for (const template of templates) {
    const zone = zones.find((candidate) => looksOurs(candidate, template));
    if (zone === undefined || owned.some((group) => group.zone === zone && group.name === template.name))
      continue;
    add(zone, template.name!, '', template.description);
  }
  return owned;
}
