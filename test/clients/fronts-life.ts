import { describe, expect, it } from 'vitest';
import { expectRefusal } from './bench.ts';
import { untilHolds } from '../support/until.ts';
import type { Subject } from './bench.ts';
import type { Json } from './caller.ts';

const ZONE = 'us-east1-c';

/** What stands before, beside and behind groups: URL maps, endpoints, reservations, single instances; in order. */
export function describeFrontsLife(name: string, subject: () => Subject): void {
  const project = () => ({ project: subject().project });
  const zonal = () => ({ ...project(), zone: ZONE });
  const call = (method: string, params: Json, body?: Json) =>
    subject().caller.call(`compute.${method}`, params, body);
  const change = (method: string, params: Json, body?: Json) =>
    subject().caller.change(`compute.${method}`, params, body);
  const list = (method: string, params: Json, body?: Json) =>
    subject().caller.list(`compute.${method}`, params, body);
  const link = (path: string) => `projects/${subject().project}/${path}`;
  const inUse = 'resourceInUseByAnotherResource';

  describe(`${name}: a single instance`, () => {
    const solo = () => ({ ...zonal(), instance: 'solo' });
    const status = (wanted: string) =>
      untilHolds(
        () => call('instances.get', solo()),
        (each) => each['status'] === wanted,
      );

    it('is made, stopped and started', async () => {
      await change('instances.insert', zonal(), {
        name: 'solo',
        machineType: `zones/${ZONE}/machineTypes/e2-small`,
        labels: { team: 'web' },
        disks: [
          { boot: true, initializeParams: { sourceImage: 'projects/debian-cloud/global/images/debian-12' } },
        ],
        networkInterfaces: [{ network: 'global/networks/default' }],
      });
      expect(await status('RUNNING')).toMatchObject({ name: 'solo', labels: { team: 'web' } });
      await change('instances.stop', solo());
      await status('TERMINATED');
      await change('instances.start', solo());
      await status('RUNNING');
    });

    it('is an endpoint of a group of them', async () => {
      const ends = () => ({ ...zonal(), networkEndpointGroup: 'ends' });
      await change('networkEndpointGroups.insert', zonal(), {
        name: 'ends',
        networkEndpointType: 'GCE_VM_IP_PORT',
        defaultPort: 8080,
        network: 'global/networks/default',
      });
      const networkEndpoints = [{ instance: link(`zones/${ZONE}/instances/solo`), port: 8080 }];
      await change('networkEndpointGroups.attachNetworkEndpoints', ends(), { networkEndpoints });
      const held = await list('networkEndpointGroups.listNetworkEndpoints', ends(), {});
      expect(held).toMatchObject([{ networkEndpoint: { port: 8080 } }]);
      expect(await call('networkEndpointGroups.get', ends())).toMatchObject({ size: 1 });
      await change('networkEndpointGroups.detachNetworkEndpoints', ends(), { networkEndpoints });
      expect(await list('networkEndpointGroups.listNetworkEndpoints', ends(), {})).toEqual([]);
      await change('networkEndpointGroups.delete', ends());
      await change('instances.delete', solo());
      await expectRefusal(call('instances.get', solo()), 404, 'notFound');
    });
  });

  describe(`${name}: a front`, () => {
    const map = () => ({ ...project(), urlMap: 'front' });
    const proxy = () => ({ ...project(), targetHttpProxy: 'front' });
    const rule = () => ({ ...project(), forwardingRule: 'front' });
    const service = (service: string) => link(`global/backendServices/${service}`);

    it('leads from an address by proxy and URL map to backend services', async () => {
      await change('healthChecks.insert', project(), { name: 'front', type: 'HTTP' });
      for (const each of ['front', 'other'])
        await change('backendServices.insert', project(), {
          name: each,
          healthChecks: [link('global/healthChecks/front')],
        });
      await change('urlMaps.insert', project(), { name: 'front', defaultService: service('front') });
      await change('targetHttpProxies.insert', project(), {
        name: 'front',
        urlMap: link('global/urlMaps/front'),
      });
      await change('globalForwardingRules.insert', project(), {
        name: 'front',
        portRange: '80',
        target: link('global/targetHttpProxies/front'),
      });
      const read = await call('globalForwardingRules.get', rule());
      expect(read['target']).toMatch(/\/global\/targetHttpProxies\/front$/);
      expect(read['IPAddress']).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(await list('globalForwardingRules.list', project())).toHaveLength(1);
    });

    it('divides by weights, with the fingerprint in force only', async () => {
      const { fingerprint } = await call('urlMaps.get', map());
      const weightedBackendServices = [
        { backendService: service('front'), weight: 90 },
        { backendService: service('other'), weight: 10 },
      ];
      const patch = (mark: unknown) =>
        change('urlMaps.patch', map(), {
          fingerprint: mark,
          hostRules: [{ hosts: ['*'], pathMatcher: 'all' }],
          pathMatchers: [
            {
              name: 'all',
              defaultService: service('front'),
              routeRules: [
                {
                  priority: 1,
                  matchRules: [{ prefixMatch: '/' }],
                  routeAction: { weightedBackendServices },
                },
              ],
            },
          ],
        });
      await expectRefusal(patch('AAAAAAAAAAA='), 412, 'conditionNotMet');
      await patch(fingerprint);
      const read = await call('urlMaps.get', map());
      expect(read['fingerprint']).not.toBe(fingerprint);
      expect(read).toMatchObject({ pathMatchers: [{ routeRules: [{ priority: 1 }] }] });
    });

    it('is taken down from the front on only', async () => {
      await expectRefusal(
        call('backendServices.delete', { ...project(), backendService: 'other' }),
        400,
        inUse,
      );
      await expectRefusal(call('urlMaps.delete', map()), 400, inUse);
      await expectRefusal(call('targetHttpProxies.delete', proxy()), 400, inUse);
      await change('globalForwardingRules.delete', rule());
      await change('targetHttpProxies.delete', proxy());
      await change('urlMaps.delete', map());
      for (const backendService of ['front', 'other'])
        await change('backendServices.delete', { ...project(), backendService });
      await change('healthChecks.delete', { ...project(), healthCheck: 'front' });
    });
  });

  describe(`${name}: a reservation`, () => {
    const kept = () => ({ ...zonal(), reservation: 'kept' });

    it('is made, resized, found and given back', async () => {
      await change('reservations.insert', zonal(), {
        name: 'kept',
        specificReservation: { count: '2', instanceProperties: { machineType: 'e2-small' } },
      });
      const made = await call('reservations.get', kept());
      expect(made).toMatchObject({ status: 'READY', specificReservation: { count: '2' } });
      await change('reservations.resize', kept(), { specificSkuCount: '3' });
      const scopes = await subject().caller.aggregated('compute.reservations.aggregatedList', project());
      expect(scopes[`zones/${ZONE}`]).toMatchObject({
        reservations: [{ specificReservation: { count: '3' } }],
      });
      await change('reservations.delete', kept());
      await expectRefusal(call('reservations.get', kept()), 404, 'notFound');
    });
  });
}
