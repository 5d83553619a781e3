import type { protos } from '@google-cloud/compute';
import type { ApplicationSpec } from '../domain/application.ts';
import type { GroupRef, WriteKey } from '../ports/fleet.ts';
import { find, finished, perform, untilMade } from './call.ts';
import type { GcpClients } from './clients.ts';
import type { Manager, Place } from './group.ts';
import { RUN_LABEL } from './instances.ts';
import { describe, pathOf, proveOurs, shortHash } from './ownership.ts';
import { again, requestId } from './request-id.ts';

type Template = protos.google.cloud.compute.v1.IInstanceTemplate;

/** The run's own copy of the primary's template, made or found again. */
export async function ensureTemplate(
  clients: GcpClients,
  spec: ApplicationSpec,
  place: Place,
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
  const made = await untilMade(
    `Template ${name}`,
    (attempt) => {
      const id = requestId(key, 'create-template', name, attempt);
      return perform(clients, `create template ${name}`, { project }, (repeat) =>
        clients.templates.insert({ project, instanceTemplateResource, requestId: again(id, repeat) }),
      );
    },
    () => findTemplate(clients, project, name),
  );
  proveOurs('Template', { name, zone }, made);
  return made;
}

/** The primary's template. A regional one would tie the mirror to its region's copy, and the API lists it elsewhere. */
export async function findSource(
  clients: GcpClients,
  spec: ApplicationSpec,
  primary: Manager,
): Promise<Template> {
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

/** Deletes the run's template. True when a fresh read shows it gone. */
export async function removeTemplate(clients: GcpClients, group: GroupRef, key: WriteKey): Promise<boolean> {
  const { project, zone, name } = group;
  const template = await findTemplate(clients, project, name);
  if (!template) return true;
  proveOurs('Template', { name, zone }, template);
  const id = requestId(key, 'delete-template', String(template.id));
  const done = await finished(() =>
    perform(clients, `delete template ${name}`, { project }, (repeat) =>
      clients.templates.delete({ project, instanceTemplate: name, requestId: again(id, repeat) }),
    ),
  );
  return done && (await findTemplate(clients, project, name)) === undefined;
}
