import type { TwinReport, UpReport } from './report.ts';

/** The table of both twins that `premirror up` prints after the spikes, for people. */
export function twinTable({ mirrored, reactive }: UpReport['twins'], currency: string): string {
  const rows: [string, (twin: TwinReport) => string][] = [
    ['requests', (t) => count(t.requests)],
    ['failed', (t) => count(t.failed)],
    ['slow', (t) => count(t.slow)],
    ['p50 ms', (t) => count(t.p50Ms)],
    ['p95 ms', (t) => count(t.p95Ms)],
    ['p99 ms', (t) => count(t.p99Ms)],
    [`cost ${currency}`, (t) => t.cost.toFixed(3)],
    ['hours primary', (t) => t.instanceHours.primary.toFixed(2)],
    ['hours full', (t) => t.instanceHours.full.toFixed(2)],
    ['hours warm', (t) => t.instanceHours.warm.toFixed(2)],
    ['hours shadow', (t) => t.instanceHours.shadow.toFixed(2)],
  ];
  const cells = [
    ['', 'mirrored', 'reactive'],
    ...rows.map(([name, of]) => [name, of(mirrored), of(reactive)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(([name = '', left = '', right = '']) =>
      [name.padEnd(widths[0] ?? 0), left.padStart(widths[1] ?? 0), right.padStart(widths[2] ?? 0)].join(
        '   ',
      ),
    )
    .join('\n');
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
