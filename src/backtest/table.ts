import type { Row } from './compare.ts';

/** The table's columns, in order. */
export const COLUMNS: readonly { title: string; cell: (row: Row) => string }[] = [
  { title: 'policy', cell: (row) => row.name },
  { title: 'cost', cell: (row) => row.score.cost.toFixed(1) },
  { title: 'regret', cell: (row) => row.regret.toFixed(3) },
  { title: 'unserved h', cell: (row) => row.score.unservedHours.toFixed(2) },
  { title: 'unserved', cell: (row) => `${(100 * row.score.unservedShare).toFixed(3)}%` },
  { title: 'min >5% short', cell: (row) => String(row.score.minutesOver5Short) },
  { title: 'VMs used/d', cell: (row) => row.score.vmsUsedPerDay.toFixed(2) },
  { title: 'overloaded/d', cell: (row) => row.score.vmsOverloadedPerDay.toFixed(2) },
  { title: 'mirror runs', cell: (row) => (row.mirrorRuns === undefined ? '-' : String(row.mirrorRuns)) },
  { title: 'false alarms', cell: (row) => (row.falseAlarms === undefined ? '-' : String(row.falseAlarms)) },
  { title: 'missed spikes', cell: (row) => String(row.score.missedSpikes) },
  { title: 'settings', cell: (row) => row.settings },
];

/** Rows as aligned text: names and settings to the left, figures to the right. */
export function renderTable(rows: readonly Row[]): string {
  const lines = [
    COLUMNS.map((column) => column.title),
    ...rows.map((row) => COLUMNS.map((c) => c.cell(row))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const isText = (i: number) => i === 0 || i === COLUMNS.length - 1;
  return lines
    .map((line) =>
      line
        .map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
