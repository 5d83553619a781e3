import {
  DECISION_COLUMNS,
  decisionRow,
  FAN_COLUMNS,
  fanRows,
  FORECAST_COLUMNS,
  forecastRow,
} from './looks.ts';
import { exported, type ExportedTable } from './table.ts';

/**
 * Rows a page, so that a page is a few MB: rows of a few numbers; rows with a decision; with a decision and a fan; and
 * rows that unfold into a thousand.
 */
const SMALL = 5_000;
const MIDDLING = 1_000;
const LARGE = 100;
const UNFOLDED = 10;

/** What can be taken out of the ledger, by name. Times are those of the application. */
export const EXPORTED_TABLES: Readonly<Record<string, ExportedTable>> = {
  demand: exported('demand_days', {
    time: 'day_ms',
    keys: ['series'],
    rowsAPage: UNFOLDED,
    columns: { at: 'time', series: 'text', stepMs: 'number', value: 'number' },
    unpack: ({ series, day_ms: day, step_ms: stepMs, samples }) =>
      samples.map(([step, value]) => ({ at: day + step * stepMs, series, stepMs, value })),
  }),
  metrics: exported('metrics', {
    time: 'at_ms',
    keys: ['metric'],
    rowsAPage: SMALL,
    columns: { at: 'time', metric: 'text', value: 'number', instances: 'number' },
    unpack: ({ at_ms: at, metric, value, instances }) => [{ at, metric, value, instances }],
  }),
  events: exported('events', {
    time: 'start_ms',
    keys: ['source', 'id', 'announced_ms'],
    rowsAPage: SMALL,
    columns: {
      start: 'time',
      end: 'time',
      announced: 'time',
      withdrawn: 'time',
      source: 'text',
      id: 'text',
      name: 'text',
      kind: 'text',
      expectedUplift: 'number',
    },
    unpack: ({ start_ms, end_ms, announced_ms, withdrawn_ms, uplift, source, id, name, kind }) => [
      {
        start: start_ms,
        end: end_ms,
        announced: announced_ms,
        withdrawn: withdrawn_ms,
        source,
        id,
        name,
        kind,
        expectedUplift: uplift,
      },
    ],
  }),
  chatter: exported('chatter', {
    time: 'at_ms',
    keys: ['source'],
    rowsAPage: SMALL,
    columns: {
      at: 'time',
      source: 'text',
      volume: 'number',
      sentiment: 'number',
      volumeSurprise: 'number',
      sentimentSurprise: 'number',
    },
    unpack: ({ at_ms: at, source, step: { volume, sentiment, surprise } }) => [
      {
        at,
        source,
        volume,
        sentiment,
        volumeSurprise: surprise?.volume,
        sentimentSurprise: surprise?.sentiment,
      },
    ],
  }),
  forecasts: exported('forecasts', {
    time: 'as_of_ms',
    keys: ['key'],
    rowsAPage: LARGE,
    columns: FORECAST_COLUMNS,
    unpack: ({ digest }) => [forecastRow(digest)],
  }),
  fans: exported('forecasts', {
    time: 'as_of_ms',
    keys: ['key'],
    rowsAPage: UNFOLDED,
    columns: FAN_COLUMNS,
    unpack: ({ as_of_ms, fan }) => fanRows(as_of_ms, fan),
  }),
  decisions: exported('decisions', {
    time: 'as_of_ms',
    keys: ['id'],
    rowsAPage: MIDDLING,
    columns: { at: 'time', ...DECISION_COLUMNS },
    unpack: ({ as_of_ms: at, decision }) => [{ at, ...decisionRow(decision) }],
  }),
  happenings: exported('happenings', {
    time: 'at_ms',
    keys: ['id'],
    rowsAPage: SMALL,
    columns: { at: 'time', kind: 'text', text: 'text' },
    unpack: ({ at_ms: at, kind, text }) => [{ at, kind, text }],
  }),
  mirrorRuns: exported('mirror_runs', {
    time: 'began_ms',
    keys: ['run'],
    rowsAPage: SMALL,
    columns: {
      began: 'time',
      serving: 'time',
      ended: 'time',
      run: 'text',
      zone: 'text',
      mostFull: 'count',
      mostWarm: 'count',
      mostShadow: 'count',
    },
    unpack: (row) => [
      {
        began: row.began_ms,
        serving: row.serving_ms,
        ended: row.ended_ms,
        run: row.run,
        zone: row.zone,
        mostFull: row.most_full,
        mostWarm: row.most_warm,
        mostShadow: row.most_shadow,
      },
    ],
  }),
  timesToServe: exported('times_to_serve', {
    time: 'at_ms',
    keys: ['id'],
    rowsAPage: SMALL,
    columns: { at: 'time', zone: 'text', from: 'text', run: 'text', ms: 'number' },
    unpack: ({ at_ms, zone, from_tier: from, run, ms }) => [
      { at: at_ms === 0 ? undefined : at_ms, zone, from, run, ms },
    ],
  }),
  scores: exported('scores', {
    time: 'day_ms',
    keys: ['origin', 'lead_ms'],
    rowsAPage: SMALL,
    columns: {
      day: 'time',
      origin: 'text',
      leadMs: 'number',
      points: 'count',
      coverage: 'number',
      intervalScore: 'number',
      crps: 'number',
      bias: 'number',
    },
    unpack: ({ day_ms: day, lead_ms: leadMs, interval_score: intervalScore, ...same }) => [
      { day, leadMs, intervalScore, ...same },
    ],
  }),
  balances: exported('balances', {
    time: 'day_ms',
    keys: ['origin'],
    rowsAPage: SMALL,
    columns: {
      day: 'time',
      origin: 'text',
      cost: 'number',
      optimalCost: 'number',
      regret: 'number',
      unservedHours: 'number',
      missedSpikes: 'count',
      falseAlarms: 'count',
    },
    unpack: (row) => [
      {
        day: row.day_ms,
        origin: row.origin,
        cost: row.cost,
        optimalCost: row.optimal_cost,
        regret: row.cost - row.optimal_cost,
        unservedHours: row.unserved_hours,
        missedSpikes: row.missed_spikes,
        falseAlarms: row.false_alarms,
      },
    ],
  }),
  settings: exported('settings_changes', {
    time: 'at_ms',
    keys: [],
    rowsAPage: MIDDLING,
    columns: { at: 'time', why: 'text', before: 'json', after: 'json', evidence: 'json' },
    unpack: ({ at_ms: at, why, before, after, evidence }) => [{ at, why, before, after, evidence }],
  }),
  backfilled: exported('backfilled', {
    time: 'at_ms',
    keys: [],
    rowsAPage: LARGE,
    columns: { ...FORECAST_COLUMNS, ...DECISION_COLUMNS },
    unpack: ({ digest, decision }) => [{ ...forecastRow(digest), ...decisionRow(decision) }],
  }),
  backfilledFans: exported('backfilled', {
    time: 'at_ms',
    keys: [],
    rowsAPage: UNFOLDED,
    columns: FAN_COLUMNS,
    unpack: ({ digest, fan }) => fanRows(digest.asOf, fan),
  }),
};
