import type { protos } from '@google-cloud/compute';
import type { ApplicationSpec } from '../domain/application.ts';
import { NotOursError } from '../ports/errors.ts';
import type { GroupRef, OwnedGroup, WriteKey } from '../ports/fleet.ts';
import { call, find, perform, StillRunningError } from './call.ts';
import type { GcpClients } from './clients.ts';
import { hasStatus } from './errors.ts';
import { findManager } from './group.ts';
import type { Manager } from './group.ts';
import {
  baseInstanceName,
  describe,
  groupName,
  lastOf,
  looksOurs,
  pathOf,
  proveOurs,
  readMarker,
  shortHash,
} from './ownership.ts';
import { findPrimary } from './primary.ts';
import { requestId } from './request-id.ts';

type Template = protos.google.cloud.compute.v1.IInstanceTemplate;

/** Label on every instance of a run, so that its leftovers can be listed. */
const RUN_LABEL = 'premirror-run';

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
  const id = requestId(key, 'create-group', name);
  await unlessThere(() =>
    perform(clients, `create group ${name} in ${zone}`, place, () =>
      clients.groups.insert({ project, zone, instanceGroupManagerResource, requestId: id }),
    ),
  );
  const made = await findManager(clients, place);
  if (!made)
    throw new Error(`Group ${name} in ${zone} was created and is gone: somebody deletes what we make`);
  return adopt(place, made, key.run);
}

/** Ours and this run's: then it is as good as just created. */
function adopt(
  place: { project: string; zone: string; name: string },
  found: Manager,
  run: string,
): GroupRef {
  const marker = proveOurs('Group', place, found);
  if (marker.run !== run)
    throw new NotOursError(`Group '${place.name}' belongs to the run ${marker.run}; left alone`);
  return { ...place, id: String(found.id), template: lastOf(found.instanceTemplate) };
}

async function ensureTemplate(
  clients: GcpClients,
  spec: ApplicationSpec,
  place: { project: string; zone: string; name: string },
  primary: Manager,
  key: WriteKey,
): Promise<Template> {
  const { project, zone, name } = place;
  const found = await findTemplate(clients, project, name);
  if (found) {
    proveOurs('Template', { name, zone }, found);
    return found;
  }
  const source = await findSource(clients, spec, primary);
  const instanceTemplateResource = {
    name,
    description: describe(spec.application, key.run),
    properties: {
      ...source.properties,
      labels: { ...source.properties?.labels, [RUN_LABEL]: shortHash(key.run) },
    },
  };
  const id = requestId(key, 'create-template', name);
  await unlessThere(() =>
    perform(clients, `create template ${name}`, { project }, () =>
      clients.templates.insert({ project, instanceTemplateResource, requestId: id }),
    ),
  );
  const made = await findTemplate(clients, project, name);
  if (!made) throw new Error(`Template ${name} was created and is gone: somebody deletes what we make`);
  proveOurs('Template', { name, zone }, made);
  return made;
}

/** The primary's template. A regional one would tie the mirror to its region's copy, and the API lists it elsewhere. */
async function findSource(clients: GcpClients, spec: ApplicationSpec, primary: Manager): Promise<Template> {
  const path = pathOf(primary.instanceTemplate ?? primary.versions?.[0]?.instanceTemplate);
  const parts = /^projects\/([^/]+)\/global\/instanceTemplates\/([^/]+)$/.exec(path);
  if (!parts)
    throw new Error(
      `primary.instanceGroup '${spec.primary.instanceGroup}' uses the template '${path}', which is not global; ` +
        'give the group a global instance template',
    );
  const source = await findTemplate(clients, parts[1]!, parts[2]!);
  if (!source)
    throw new Error(`The primary's template '${path}' does not exist; give the group one that does`);
  return source;
}

function findTemplate(clients: GcpClients, project: string, name: string): Promise<Template | undefined> {
  return find(`template ${name}`, () => clients.templates.get({ project, instanceTemplate: name }));
}

/** A create that met 409 was overtaken by another try: what is there is read and proved next. */
async function unlessThere(create: () => Promise<void>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
  }
}

/** Deletes group, then template. True only when a fresh read shows group, template and instances gone. */
export async function removeGroup(clients: GcpClients, group: GroupRef, key: WriteKey): Promise<boolean> {
  const { project, zone, name } = group;
  const manager = await findManager(clients, group);
  if (manager) {
    proveOurs('Group', group, manager);
    const id = requestId(key, 'delete-group', group.id, manager.fingerprint ?? '');
    const started = await finished(() =>
      perform(clients, `delete group ${name} in ${zone}`, group, () =>
        clients.groups.delete({ project, zone, instanceGroupManager: name, requestId: id }),
      ),
    );
    if (!started) return false;
  }
  if (await findManager(clients, group)) return false;
  return (await removeTemplate(clients, group, key)) && (await leftInstances(clients, group)) === 0;
}

async function removeTemplate(clients: GcpClients, group: GroupRef, key: WriteKey): Promise<boolean> {
  const { project, zone, name } = group;
  const template = await findTemplate(clients, project, name);
  if (!template) return true;
  proveOurs('Template', { name, zone }, template);
  const id = requestId(key, 'delete-template', String(template.id));
  const done = await finished(() =>
    perform(clients, `delete template ${name}`, { project }, () =>
      clients.templates.delete({ project, instanceTemplate: name, requestId: id }),
    ),
  );
  return done && (await findTemplate(clients, project, name)) === undefined;
}

/** False while the deletion is under way; a 404 means that it is through. */
async function finished(remove: () => Promise<void>): Promise<boolean> {
  try {
    await remove();
    return true;
  } catch (error) {
    if (hasStatus(error, 404)) return true;
    const busy = hasStatus(error, 400) && (error as { reason?: string }).reason === 'resourceNotReady';
    if (busy || error instanceof StillRunningError) return false;
    throw error;
  }
}

async function leftInstances(clients: GcpClients, group: GroupRef): Promise<number> {
  const { project, zone, name } = group;
  // The name ends in the hash of the run, which the instances carry as a label.
  const run = name.slice(name.lastIndexOf('-') + 1);
  const [instances] = await call(`instances of ${name} in ${zone}`, () =>
    clients.instances.list({ project, zone, filter: `labels.${RUN_LABEL} = ${run}` }),
  );
  return instances.filter((instance) => instance.labels?.[RUN_LABEL] === run).length;
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
