import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, ORIGIN_MS, sorted } from './bench.ts';
import type { Subject } from './bench.ts';
import type { Json } from './caller.ts';

const MINUTE_MS = 60_000;
const REQUEST_COUNT = 'loadbalancing.googleapis.com/https/request_count';
const CUSTOM = 'custom.googleapis.com/shop/tickets';
/** Ten minutes of traffic, which ended ten minutes before the sandbox's clock began: old enough to be visible. */
const LAST_MS = ORIGIN_MS - 10 * MINUTE_MS;
const at = (ms: number) => new Date(ms).toISOString();

/** Reading and writing Cloud Monitoring as one of Google's libraries does. `subject` may have another transport. */
export function describeMonitoringLife(name: string, subject: () => Subject): void {
  const project = () => ({ name: `projects/${subject().project}` });
  const call = (method: string, params: Json, body?: Json) =>
    subject().caller.call(`monitoring.projects.${method}`, params, body);
  const list = (method: string, params: Json) =>
    subject().caller.list(`monitoring.projects.${method}`, params);
  const series = (params: Json, metric = REQUEST_COUNT) =>
    list('timeSeries.list', {
      ...project(),
      filter: `metric.type = "${metric}"`,
      'interval.startTime': at(LAST_MS - 5 * MINUTE_MS),
      'interval.endTime': at(LAST_MS),
      ...params,
    });
  const rate = { 'aggregation.alignmentPeriod': '60s', 'aggregation.perSeriesAligner': 'ALIGN_RATE' };
  const pointsOf = (all: Json[]) => all.flatMap((each) => each['points'] as Json[]);
  const ends = (points: Json[]) =>
    points.map(({ interval }) => Date.parse((interval as { endTime: string }).endTime));

  describe(`${name}: metrics`, () => {
    beforeAll(async () => {
      for (const [backendService, value] of [
        ['shop', 10],
        ['blog', 4],
      ] as const) {
        const points = Array.from({ length: 10 }, (_, back) => ({
          at: LAST_MS - (9 - back) * MINUTE_MS,
          value,
        }));
        const answer = await fetch(`${subject().sandbox.addresses.control}/history`, {
          method: 'POST',
          body: JSON.stringify({ project: subject().project, backendService, stepMs: MINUTE_MS, points }),
        });
        if (!answer.ok) throw new Error(await answer.text());
      }
    });

    it('are aligned to rates, newest first, start excluded and end included', async () => {
      const all = await series(rate);
      expect(all).toHaveLength(2);
      for (const each of all) {
        const points = each['points'] as Json[];
        expect(ends(points)).toEqual([0, 1, 2, 3, 4].map((back) => LAST_MS - back * MINUTE_MS));
        const labels = (each['resource'] as { labels: Record<string, string> }).labels;
        const expected = labels['backend_target_name'] === 'shop' ? 10 : 4;
        for (const { value } of points)
          expect((value as { doubleValue: number }).doubleValue).toBeCloseTo(expected, 3);
      }
    });

    it('are reduced over all series, and by a label', async () => {
      const summed = await series({ ...rate, 'aggregation.crossSeriesReducer': 'REDUCE_SUM' });
      expect(summed).toHaveLength(1);
      for (const { value } of pointsOf(summed))
        expect((value as { doubleValue: number }).doubleValue).toBeCloseTo(14, 3);
      const grouped = await series({
        ...rate,
        'aggregation.crossSeriesReducer': 'REDUCE_SUM',
        'aggregation.groupByFields': ['resource.label.backend_target_name'],
      });
      const names = grouped.map(
        ({ resource }) => (resource as { labels: Json }).labels['backend_target_name'],
      );
      expect(sorted(names)).toEqual(['blog', 'shop']);
    });

    it('are paged', async () => {
      const paged = await series({ ...rate, pageSize: 2 });
      const ascending = (all: Json[]) => ends(pointsOf(all)).toSorted((a, b) => a - b);
      expect(ascending(paged)).toEqual(ascending(await series(rate)));
    });

    it('are filtered by labels', async () => {
      const filter = `metric.type = "${REQUEST_COUNT}" AND resource.labels.backend_target_name = "blog"`;
      expect(await series({ ...rate, filter })).toHaveLength(1);
    });

    it('refuse what cannot be', async () => {
      await expectRefusal(series({}, 'loadbalancing.googleapis.com/no/such_metric'), 404);
      await expectRefusal(series({ filter: 'resource.type = "https_lb_rule"' }), 400);
      await expectRefusal(series({ 'aggregation.perSeriesAligner': 'ALIGN_RATE' }), 400);
      const short = { 'aggregation.alignmentPeriod': '30s', 'aggregation.perSeriesAligner': 'ALIGN_RATE' };
      await expectRefusal(series(short), 400);
    });

    it('are described', async () => {
      const filter = `metric.type = "${REQUEST_COUNT}"`;
      const found = await list('metricDescriptors.list', { ...project(), filter });
      expect(found).toMatchObject([{ type: REQUEST_COUNT, metricKind: 'DELTA', valueType: 'INT64' }]);
      const one = { name: `${project().name}/metricDescriptors/${REQUEST_COUNT}` };
      expect(await call('metricDescriptors.get', one)).toMatchObject({ type: REQUEST_COUNT });
    });
  });

  describe(`${name}: a metric of one's own`, () => {
    const point = (ms: number, value: number) => ({
      interval: { endTime: at(ms) },
      value: { int64Value: String(value) },
    });
    const written = (points: Json[], type = CUSTOM) => ({
      timeSeries: [{ metric: { type, labels: { kind: 'match' } }, resource: { type: 'global' }, points }],
    });
    const write = (body: Json) => call('timeSeries.create', project(), body);

    it('is described, written and read back', async () => {
      await call('metricDescriptors.create', project(), {
        type: CUSTOM,
        metricKind: 'GAUGE',
        valueType: 'INT64',
        description: 'tickets sold',
        labels: [{ key: 'kind', valueType: 'STRING' }],
      });
      await write(written([point(LAST_MS - MINUTE_MS, 7)]));
      await write(written([point(LAST_MS, 8)]));
      const [read] = await series({}, CUSTOM);
      expect(read).toMatchObject({ metric: { type: CUSTOM, labels: { kind: 'match' } } });
      const values = (read!['points'] as Json[]).map(({ value }) => (value as Json)['int64Value']);
      expect(values).toEqual(['8', '7']);
    });

    it('takes one newer point a series at a time', async () => {
      await expectRefusal(write(written([point(LAST_MS - MINUTE_MS, 9)])), 400);
      await expectRefusal(write(written([point(LAST_MS + 1, 1), point(LAST_MS + MINUTE_MS, 2)])), 400);
      expect(pointsOf(await series({}, CUSTOM))).toHaveLength(2);
    });

    it('is deleted with its description', async () => {
      const one = { name: `${project().name}/metricDescriptors/${CUSTOM}` };
      await call('metricDescriptors.delete', one);
      await expectRefusal(call('metricDescriptors.get', one), 404);
      await expectRefusal(series({}, CUSTOM), 404);
    });
  });
}
