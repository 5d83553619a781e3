import { DNS } from '@google-cloud/dns';
import type { Record as DnsRecord, Zone } from '@google-cloud/dns';
import { GoogleAuth, PassThroughClient } from 'google-auth-library';
import { setTimeout as delay } from 'node:timers/promises';
import { CallError } from './caller.ts';
import type { Caller, Json } from './caller.ts';

type DnsAuth = NonNullable<ConstructorParameters<typeof DNS>[0]>['authClient'];
type RecordFields = ConstructorParameters<typeof DnsRecord>[2] & { type: string };

/** @google-cloud/dns: a library written by hand; record sets carry whatever they are given. */
export function nodeDns(rest: string, project: string): Caller {
  const auth = new GoogleAuth({ authClient: new PassThroughClient(), projectId: project });
  const dns = new DNS({ projectId: project, authClient: auth as unknown as DnsAuth });
  dns.baseUrl = `${rest}/dns/v1`;

  const verbs: Record<string, (zone: Zone, body: Json) => Promise<Json>> = {
    'managedZones.create': async (_, body) =>
      (await dns.createZone(body['name'] as string, body as { dnsName: string }))[0].metadata as Json,
    'managedZones.get': async (zone) => (await zone.getMetadata())[0] as Json,
    async 'managedZones.delete'(zone) {
      await zone.delete();
      return {};
    },
    'changes.create': async (zone, body) => (await createChange(zone, body)).metadata as Json,
  };

  const call: Caller['call'] = (method, params, body = {}) => {
    const zone = dns.zone(String(params['managedZone'] ?? body['name']));
    return refusing(() => verbs[method.replace('dns.', '')]!(zone, body));
  };

  const lister = (method: string, params: Json): Lister => {
    if (method === 'dns.managedZones.list') return (query) => dns.getZones(query);
    const zone = dns.zone(params['managedZone'] as string);
    if (method === 'dns.changes.list') return (query) => zone.getChanges(query);
    return (query) => zone.getRecords(query);
  };

  return {
    call,
    async change(method, params, body = {}) {
      if (!method.includes('.changes.')) return call(method, params, body);
      const change = await refusing(() => createChange(dns.zone(params['managedZone'] as string), body));
      while ((change.metadata as Json)['status'] !== 'done') {
        await delay(50);
        await change.getMetadata();
      }
      return change.metadata as Json;
    },
    list: (method, params) => refusing(() => everyPage(lister(method, params), params['maxResults'])),
    aggregated: () => Promise.reject(new Error('Cloud DNS has no aggregated lists')),
    close: () => Promise.resolve(),
  };
}

type Page = [items: unknown[], next: object | null, answer?: unknown];
type Lister = (query: { autoPaginate: boolean }) => Promise<unknown>;

/** To this library `maxResults` is how many it answers in all: whoever wants pages turns them by hand. */
async function everyPage(read: Lister, maxResults: unknown): Promise<Json[]> {
  const items: Json[] = [];
  const size = maxResults === undefined ? {} : { maxResults };
  for (let query: object | null = size; query;) {
    const [page, next] = (await read({ ...query, autoPaginate: false })) as Page;
    for (const { metadata, type } of page as { metadata: Json; type?: string }[])
      items.push(type === undefined ? metadata : { ...metadata, type });
    query = next;
  }
  return items;
}

async function createChange(zone: Zone, body: Json) {
  const records = (given: unknown) =>
    ((given ?? []) as RecordFields[]).map(({ type, ...fields }) => zone.record(type, fields));
  const [change] = await zone.createChange({
    add: records(body['additions']),
    delete: records(body['deletions']),
  });
  return change;
}

async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { code, errors, message } = error as Error & { code?: number; errors?: { reason: string }[] };
    if (typeof code !== 'number') throw error;
    throw new CallError({ status: code, reason: errors?.[0]?.reason, message });
  }
}
