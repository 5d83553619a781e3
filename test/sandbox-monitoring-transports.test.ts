import { protos } from '@google-cloud/monitoring';
import type { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import {
  both,
  clients,
  GAUGE,
  LATENCIES,
  MINUTE_MS,
  ORIGIN,
  read,
  series,
  stamp,
  TRANSPORTS,
  world,
} from './support/monitoring-bench.ts';

/** Custom metrics, descriptors and refusals, the same over both transports of Google's own client. */

describe.each(TRANSPORTS)('over %s', (transport) => {
  const client = () => clients[transport];

  it('reads the same, filters, and gives headers alone', async () => {
    expect(await read(both, transport)).toEqual(await read(both, 'rest'));
    const labels = async (filter: string) =>
      (await read({ filter: `metric.type = "${GAUGE}" AND (${filter})` }, transport)).map(
        ({ label }) => label,
      );
    expect(await labels('metric.labels.label = one_of("b", "c")')).toEqual(['b']);
    expect(await labels('metric.labels.label = starts_with("a") OR metric.label.label = "b"')).toEqual([
      'a',
      'b',
    ]);
    expect(await labels('NOT metric.labels.label = monitoring.regex.full_match("[b-z]")')).toEqual(['a']);
    const headers = await read({ ...both, view: 'HEADERS' }, transport);
    expect(headers.map(({ values }) => values)).toEqual([[], []]);
  });

  it('knows its metrics and resources by descriptors', async () => {
    const filter = 'metric.type = starts_with("loadbalancing.googleapis.com/https/backend")';
    const [metrics] = await client().listMetricDescriptors({ name: 'projects/p', filter });
    expect(metrics.map(({ type, valueType }) => [type, valueType])).toEqual([
      ['loadbalancing.googleapis.com/https/backend_request_count', 'INT64'],
      [LATENCIES, 'DISTRIBUTION'],
    ]);
    const name = `projects/p/metricDescriptors/${GAUGE}`;
    expect((await client().getMetricDescriptor({ name }))[0]).toMatchObject({
      type: GAUGE,
      metricKind: 'GAUGE',
    });
    const [resources] = await client().listMonitoredResourceDescriptors({ name: 'projects/p' });
    expect(resources.map(({ type }) => type)).toContain('https_lb_rule');
    const one = `projects/p/monitoredResourceDescriptors/gce_instance`;
    const [instance] = await client().getMonitoredResourceDescriptor({ name: one });
    expect(instance.labels!.map(({ key }) => key)).toEqual(['project_id', 'instance_id', 'zone']);
  });

  it('says which of the points it has not written, and writes the others', async () => {
    const type = `custom.googleapis.com/partial_${transport}`;
    const point = { int64Value: 1 };
    const at = ORIGIN + 20 * MINUTE_MS;
    const timeSeries = [
      series(type, point, at),
      series(type, point, at - 26 * 60 * MINUTE_MS, 'old'),
      series(type, point, at + 20 * MINUTE_MS, 'future'),
      series('compute.googleapis.com/instance/uptime', point, at),
      series(type, point, at),
      series(type, { doubleValue: 1 }, at, 'other type'),
    ];
    const refused = client().createTimeSeries({ name: 'projects/p', timeSeries });
    await expect(refused).rejects.toThrow(
      /timeSeries\[1\].*timeSeries\[2\].*timeSeries\[3\].*timeSeries\[4\].*timeSeries\[5\]/,
    );
    await expect(refused).rejects.not.toThrow('timeSeries[0]: ');
    if (transport === 'gRPC') {
      const { metadata } = (await refused.catch((error: unknown) => error)) as { metadata: Metadata };
      const [trailer] = metadata.get('grpc-status-details-bin');
      const [packed] = protos.google.rpc.Status.decode(trailer as Buffer).details;
      expect(packed!.type_url).toBe('type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary');
      const summary = protos.google.monitoring.v3.CreateTimeSeriesSummary;
      expect(summary.decode(packed!.value as Buffer)).toMatchObject({
        totalPointCount: 6,
        successPointCount: 1,
        errors: Array.from({ length: 5 }, () => ({ status: { code: 3 }, pointCount: 1 })),
      });
    }
    const one = (end: number) => ({ name: 'projects/p', timeSeries: [series(type, point, end)] });
    await expect(client().createTimeSeries(one(at))).rejects.toThrow('written in order');
    await expect(client().createTimeSeries(one(at + 1_000))).rejects.toThrow('more frequently');
    await client().createTimeSeries(one(at + 5_000));
    const found = await read({ filter: `metric.type = "${type}"`, minutes: 21 }, transport);
    expect(found).toMatchObject([{ label: 'a', type: 'INT64', values: [1, 1] }]);
    const many = Array.from({ length: 201 }, (_, index) => series(type, point, at, `${index}`));
    await expect(client().createTimeSeries({ name: 'projects/p', timeSeries: many })).rejects.toThrow(
      'at most 200',
    );
  });

  it('refuses with the right code: unknown metrics, wrong requests, and by fault rules', async () => {
    const codeOf = (filter: string) =>
      read({ filter }, transport).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
    // The REST client of this generation leaves HTTP statuses in `code`.
    const codes = transport === 'gRPC' ? [5, 3, 14, 7] : [404, 400, 503, 403];
    const match = { method: 'monitoring.projects.timeSeries.list' };
    const seen = [await codeOf('metric.type = "custom.googleapis.com/none"'), await codeOf('metric.type')];
    for (const error of ['backendError', 'forbidden']) {
      world.faults.set({ rules: [{ name: error, match, effect: { error } }] });
      const [all] = await Promise.allSettled([
        client().listTimeSeries(
          { name: 'projects/p', filter: `metric.type = "${GAUGE}"`, interval: { endTime: stamp(ORIGIN) } },
          { retry: null, timeout: 5_000 } as never,
        ),
      ]);
      seen.push((all as unknown as { reason: { code: number } }).reason.code);
      expect(world.calls.at(-1)).toMatchObject({ path: '/v3/projects/p/timeSeries', faults: [error] });
    }
    world.faults.set({ rules: [] });
    expect(seen).toEqual(codes);
  });

  it('takes a described metric away with its data', async () => {
    const type = `custom.googleapis.com/described_${transport}`;
    const shape = { type, metricKind: 'GAUGE', valueType: 'DOUBLE', unit: 'ms', description: 'd' } as const;
    const [made] = await client().createMetricDescriptor({ name: 'projects/p', metricDescriptor: shape });
    expect(made).toMatchObject(shape);
    const name = `projects/p/metricDescriptors/${type}`;
    await client().deleteMetricDescriptor({ name });
    await expect(client().getMetricDescriptor({ name })).rejects.toThrow('Could not find descriptor');
  });
});
