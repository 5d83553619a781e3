import type { ForecastDigest } from '../../src/domain/forecast.ts';
import { EMPTY_MEMORY, type Decision } from '../../src/domain/plan.ts';
import type { ExportRow } from '../../src/ledger/exports/table.ts';
import type { StoredLedger } from '../../src/ledger/sql-ledger.ts';

/** Rows of the ledger for tests of the store: sound, and told apart by their time. */

/** All that the ledger exports of one table of an application. */
export async function exportedRows(
  { exports }: StoredLedger,
  table: string,
  application: string,
): Promise<ExportRow[]> {
  const rows: ExportRow[] = [];
  const range = { from: -Number.MAX_VALUE, to: Number.MAX_VALUE };
  for await (const page of exports.open(table, application, range)!.pages) rows.push(...page);
  return rows;
}

export const INTERVAL = { lower: 1, median: 2.5, upper: 4 };

export function forecastAt(asOf: number): ForecastDigest {
  return {
    application: 'shop',
    asOf,
    issuedAt: asOf + 240_000,
    model: 'seasonal-naive',
    quality: 'cold',
    nominalCoverage: 0.95,
    observed: 100,
    windows: { full: INTERVAL, warm: INTERVAL, shadow: INTERVAL },
    sustained: 90,
    peak: { ...INTERVAL, at: asOf + 600_000 },
    fan: `shop@${asOf}`,
  };
}

/** @param lookedAt when it was made; absent as in rows of older versions */
export function decisionAt(asOf: number, headline: string, lookedAt?: number): Decision {
  return {
    plan: { id: `shop@${asOf}`, application: 'shop', asOf, mirrors: [], primaryMinimum: 3 },
    reasons: {
      headline,
      policy: 'interval',
      observed: 1,
      ...(lookedAt === undefined ? {} : { served: { at: lookedAt, instances: 3 } }),
      threshold: 1,
      thresholdFactor: 0.9,
      wanted: { full: 0, fullAndWarm: 0, fullWarmAndShadow: 0, reactive: 1 },
      bindings: [],
      rejected: [],
      zones: [],
      spendPerHour: 0,
    },
    nextLookMs: 60_000,
    memory: EMPTY_MEMORY,
  };
}
