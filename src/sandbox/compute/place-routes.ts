import { ok } from '../http.ts';
import type { ApiAnswer } from '../http.ts';
import type { World } from '../world.ts';
import type { PathParts, Registry, Route } from './collection.ts';
import { aggregatedRoute, placeOf } from './collection.ts';
import { listAnswer } from './lists.ts';
import { MACHINE_TYPES, REGIONS, ZONES, quotasOf, regionOf } from './quotas.ts';
import { linkTo, notFound, zoneLink } from './resources.ts';

const PROJECT = '/compute/v1/projects/:project';

/** Regions with quotas, zones, machine types, and operations. */
export function placeRoutes({ world, operations }: Registry): Route[] {
  return [
    get(`${PROJECT}/regions`, (parts, query) =>
      listAnswer(
        'compute#regionList',
        Object.keys(REGIONS).map((name) => region(world, parts['project']!, name)),
        query,
      ),
    ),
    get(`${PROJECT}/regions/:name`, ({ project, name }) => {
      if (!REGIONS[name!]) throw notFound(`projects/${project}/regions/${name}`);
      return ok(region(world, project!, name!));
    }),
    get(`${PROJECT}/zones`, ({ project }, query) =>
      listAnswer(
        'compute#zoneList',
        ZONES.map((name) => zone(project!, name)),
        query,
      ),
    ),
    get(`${PROJECT}/zones/:zone`, ({ project, zone: name }) => ok(zone(project!, name!))),
    get(`${PROJECT}/zones/:zone/machineTypes`, (parts, query) =>
      listAnswer(
        'compute#machineTypeList',
        Object.keys(MACHINE_TYPES).map((name) => machineType(parts, name)),
        query,
      ),
    ),
    get(`${PROJECT}/zones/:zone/machineTypes/:name`, (parts) => {
      const { project, zone: location, name } = parts;
      if (!MACHINE_TYPES[name!]) throw notFound(`projects/${project}/zones/${location}/machineTypes/${name}`);
      return ok(machineType(parts, name!));
    }),
    aggregatedRoute(
      { collection: 'machineTypes', singular: 'machineType', scopes: ['zone'] },
      ({ project, location }) =>
        Object.keys(MACHINE_TYPES).map((name) => machineType({ project, zone: location }, name)),
    ),
    aggregatedRoute(
      { collection: 'operations', singular: 'operation', scopes: ['zone', 'region', 'global'] },
      (place) => operations.list(place),
    ),
    ...['zones/:zone', 'regions/:region', 'global']
      .map((scope) => `${PROJECT}/${scope}/operations`)
      .flatMap((path): Route[] => [
        get(path, (parts, query) =>
          listAnswer('compute#operationList', operations.list(placeOf(parts)), query),
        ),
        get(`${path}/:name`, (parts) => operations.get({ ...placeOf(parts), name: parts['name']! })),
        {
          method: 'DELETE',
          template: `${path}/:name`,
          handle: (_, parts) => operations.delete({ ...placeOf(parts), name: parts['name']! }),
        },
        {
          method: 'POST',
          template: `${path}/:name/wait`,
          handle: (_, parts) => operations.wait({ ...placeOf(parts), name: parts['name']! }),
        },
      ]),
  ];
}

function get(template: string, answer: (parts: PathParts, query: URLSearchParams) => ApiAnswer): Route {
  return { method: 'GET', template, handle: ({ query }, parts) => answer(parts, query) };
}

function region(world: World, project: string, name: string): Record<string, unknown> {
  return {
    kind: 'compute#region',
    id: idOf(name),
    name,
    status: 'UP',
    zones: REGIONS[name]!.map((zoneName) => zoneLink(project, zoneName)),
    quotas: quotasOf(world, project, name),
    selfLink: `https://www.googleapis.com/compute/v1/projects/${project}/regions/${name}`,
  };
}

function zone(project: string, name: string): Record<string, unknown> {
  const link = zoneLink(project, name);
  const regionLink = link.replace(`/zones/${name}`, `/regions/${regionOf(name)}`);
  return { kind: 'compute#zone', id: idOf(name), name, status: 'UP', region: regionLink, selfLink: link };
}

function machineType(parts: PathParts, name: string): Record<string, unknown> {
  const place = placeOf(parts);
  return {
    kind: 'compute#machineType',
    id: idOf(name),
    name,
    zone: place.location,
    ...MACHINE_TYPES[name],
    selfLink: linkTo(place, 'machineTypes', name),
  };
}

/** A numeric id for a region, zone or machine type: nobody creates those, so it comes of the name. */
function idOf(name: string): string {
  let id = 0;
  for (const letter of name) id = (id * 31 + letter.charCodeAt(0)) % 1_000_000_007;
  return String(id);
}
