import { match, ok } from '../http.ts';
import type { Api, ApiAnswer, ApiRequest } from '../http.ts';
import type { World } from '../world.ts';
import { absent } from './managed-zones.ts';
import { DnsMethods } from './methods.ts';
import type { Parts } from './methods.ts';

export interface DnsOptions {
  /** Sandbox time from a change to the name server's answers; 5 s unless set. */
  propagationMs?: number;
}

const PROJECT = '/dns/v1/projects/:project';
const ZONES = `${PROJECT}/managedZones`;
const ZONE = `${ZONES}/:zone`;
const RECORD = `${ZONE}/rrsets/:name/:type`;
const QUOTA = { kind: 'dns#quota', managedZones: 10_000, rrsetsPerManagedZone: 10_000 };

type Handler = (parts: Parts, request: ApiRequest) => unknown;

/** Cloud DNS v1: managed zones, their operations, changes and resource record sets. The rest of it answers 501. */
export function createDnsApi(world: World, { propagationMs = 5_000 }: DnsOptions = {}): Api {
  const dns = new DnsMethods(world, propagationMs);
  const routes: [method: string, template: string, handler: Handler][] = [
    ['GET', PROJECT, ({ project }) => ({ kind: 'dns#project', id: project, number: '1', quota: QUOTA })],
    ['GET', ZONES, (parts, request) => dns.listZones(parts, request)],
    ['POST', ZONES, (parts, request) => dns.createZone(parts, request)],
    ['GET', ZONE, (parts) => dns.getZone(parts)],
    ['PATCH', ZONE, (parts, request) => dns.updateZone(parts, request)],
    ['PUT', ZONE, (parts, request) => dns.updateZone(parts, request)],
    ['DELETE', ZONE, (parts) => dns.deleteZone(parts)],
    ['GET', `${ZONE}/operations`, (parts, request) => dns.listOperations(parts, request)],
    ['GET', `${ZONE}/operations/:operation`, (parts) => dns.getOperation(parts)],
    ['GET', `${ZONE}/changes`, (parts, request) => dns.listChanges(parts, request)],
    ['POST', `${ZONE}/changes`, (parts, request) => dns.createChange(parts, request)],
    ['GET', `${ZONE}/changes/:change`, (parts) => dns.getChange(parts)],
    ['GET', `${ZONE}/rrsets`, (parts, request) => dns.listRecords(parts, request)],
    ['POST', `${ZONE}/rrsets`, (parts, request) => dns.createRecord(parts, request)],
    ['GET', RECORD, (parts) => dns.getRecord(parts)],
    ['PATCH', RECORD, (parts, request) => dns.patchRecord(parts, request)],
    ['DELETE', RECORD, (parts) => dns.deleteRecord(parts)],
  ];

  return async (request): Promise<ApiAnswer | undefined> => {
    if (!request.path.startsWith('/dns/v1/')) return undefined;
    for (const [method, template, handler] of routes) {
      const parts = method === request.method ? match(template, request.path) : undefined;
      if (!parts) continue;
      const body = handler(parts, request);
      return body === undefined ? { status: 204, body } : ok(body);
    }
    throw absent(`${request.method} ${request.path}`);
  };
}
