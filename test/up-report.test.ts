import { expect, it } from 'vitest';
import { exitCode, leftovers, twinReport, withoutInstancesOf } from '../src/cli/up/report.ts';
import type { UpReport } from '../src/cli/up/report.ts';
import { twinTable } from '../src/cli/up/table.ts';

const PRICES = { full: 1, warm: 0.1, shadow: 0.01, currency: 'USD', source: 'test' };
const COUNTS = { requests: 1000, failed: 3, slow: 7, p50Ms: 300, p95Ms: 900, p99Ms: 1500 };
const bill = (group: string, runningHours: number, suspendedHours = 0, stoppedHours = 0) => ({
  project: 'p',
  zone: 'z',
  group,
  runningHours,
  suspendedHours,
  stoppedHours,
});
const BILL = [bill('shop', 10), bill('shop-reactive', 12), bill('pm-shop-us-central1-b-1', 2, 4, 100)];

it("bills a twin for its primary and its mirrors' tiers, and the other twin for its own group only", () => {
  const mirrored = twinReport('mirrored', COUNTS, BILL, PRICES);
  expect(mirrored.instanceHours).toEqual({ primary: 10, full: 2, warm: 4, shadow: 100 });
  expect(mirrored.cost).toBeCloseTo(10 + 2 + 0.4 + 1, 12);
  const reactive = twinReport('reactive', COUNTS, BILL, PRICES);
  expect(reactive.instanceHours).toEqual({ primary: 12, full: 0, warm: 0, shadow: 0 });
});

it('calls everything a leftover that was not there before, but no instance of a primary', () => {
  const before = [{ kind: 'instance', location: 'a', name: 'shop-1a2b' }];
  const after = [
    { kind: 'instance', location: 'a', name: 'shop-9z9z' },
    { kind: 'instance', location: 'b', name: 'pm-shop-us-central1-b-77aa-1a2b' },
    { kind: 'instanceTemplate', location: 'global', name: 'pm-shop-x' },
  ];
  const compared = [before, after].map((items) => withoutInstancesOf(['shop', 'shop-reactive'], items));
  expect(leftovers(compared[0] ?? [], compared[1] ?? [])).toEqual([
    'instance b/pm-shop-us-central1-b-77aa-1a2b',
    'instanceTemplate global/pm-shop-x',
  ]);
});

const REPORT: UpReport = {
  series: 'example',
  seed: 1,
  speed: 20,
  wireRequestsStandFor: 66,
  keptUp: true,
  latestTickSeconds: 4,
  overheadMs: { p50: 2, p99: 9 },
  firstMirrorServingAfterSeconds: 70,
  currency: 'USD',
  twins: {
    mirrored: twinReport('mirrored', COUNTS, BILL, PRICES),
    reactive: twinReport('reactive', COUNTS, BILL, PRICES),
  },
  requestsToUnreadyMirrors: 0,
  leftovers: [],
};

it('succeeds only when it kept up and nothing is left', () => {
  expect(exitCode(REPORT)).toBe(0);
  expect(exitCode({ ...REPORT, keptUp: false })).toBe(1);
  expect(exitCode({ ...REPORT, leftovers: ['instance b/pm-x'] })).toBe(1);
});

it('shows both twins side by side', () => {
  const lines = twinTable(REPORT.twins, REPORT.currency).split('\n');
  expect(lines[0]).toMatch(/mirrored +reactive$/);
  expect(lines.find((line) => line.startsWith('cost USD'))).toMatch(/13\.400 +12\.000$/);
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
