import { beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, ORIGIN_MS, sorted } from './bench.ts';
import type { Subject } from './bench.ts';
import type { Json } from './caller.ts';

const MINUTE_MS = 60_000;
const REQUEST_COUNT = 'loadbalancing.googleapis.com/https/request_count';
/** Ten minutes of traffic, which ended ten minutes before the sandbox's clock began: old enough to be visible. */
const LAST_MS = ORIGIN_MS - 10 * MINUTE_MS;
const at = (ms: number) => new Date(ms).toISOString();

/** Reading and writing Cloud Monitoring as one of Google's libraries does. `subject` may have another transport. */
export function describeMonitoringLife(name: string, subject: () => Subject): void {
  const project = () => ({ name: `projects/${subject().project}` });
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
  });
}
